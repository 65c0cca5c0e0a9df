import type { Side } from "../viewport/sides";
import type { FileHandle } from "./shelf";

/** A file that a person chose or photographed. */
export interface Chosen {
  readonly file: File;
  /** By which it can be opened again after a reload, where the browser gave one. */
  readonly handle?: FileHandle;
  /** Of a photographed film: which side is which, as the person said. */
  readonly side?: Side;
}
