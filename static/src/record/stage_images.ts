import { getJson } from "../ui/api";
import { type InstanceManifest, parseManifest } from "../viewport/manifest";
import type { KeyImageItem, KeyImageSource } from "./key_images";

interface Marked {
  readonly instance: string;
  readonly frame: number;
  readonly by_name: string;
  readonly at: number;
}

/** What is needed of the stage; `StageHandle` has it. */
export interface StagePictures {
  keyImages(): ReadonlyMap<string, Marked>;
  onKeyImages(handler: () => void): () => void;
  annotations(): ReadonlyMap<string, { readonly instance: string; readonly frame: number }>;
  toggleKeyImage(): void;
  removeKeyImage(key: string): void;
  show(instanceId: string, frame?: number): Promise<void>;
  debug(): { readonly instance: string | null; readonly frame: number };
}

/** The stage's key images with what the server knows of their instances: a name and a thumbnail. */
export class StageImages implements KeyImageSource {
  private readonly manifests = new Map<string, InstanceManifest | null>(); // null: being asked for
  private readonly handlers = new Set<() => void>();

  constructor(private readonly stage: StagePictures) {}

  list(): readonly KeyImageItem[] {
    const marked = [...this.stage.keyImages()].sort(([, one], [, other]) => one.at - other.at);
    return marked.map(([key, image]) => this.item(key, image));
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    const stop = this.stage.onKeyImages(handler);
    return () => {
      this.handlers.delete(handler);
      stop();
    };
  }

  mark(): "marked" | "nothing_shown" | "marked_before" {
    const { instance, frame } = this.stage.debug();
    if (instance === null) {
      return "nothing_shown";
    }
    if (this.stage.keyImages().has(`${instance}/${frame}`)) {
      return "marked_before";
    }
    this.stage.toggleKeyImage();
    return "marked";
  }

  remove(key: string): void {
    this.stage.removeKeyImage(key);
  }

  show(key: string): void {
    const image = this.stage.keyImages().get(key);
    if (image) {
      void this.stage.show(image.instance, image.frame);
    }
  }

  private item(key: string, image: Marked): KeyImageItem {
    const { instance, frame, by_name: by } = image;
    const isHere = (one: { readonly instance: string; readonly frame: number }): boolean =>
      one.instance === instance && one.frame === frame;
    const manifest = this.manifestOf(instance);
    return {
      key,
      title: manifest ? manifest.description || manifest.modality : "",
      frame,
      frames: manifest?.frames ?? 1,
      drawings: [...this.stage.annotations().values()].filter(isHere).length,
      by,
      thumbnail: manifest?.renditions.thumbnail?.url ?? null,
    };
  }

  private manifestOf(id: string): InstanceManifest | null {
    const known = this.manifests.get(id);
    if (known === undefined) {
      this.manifests.set(id, null);
      void this.learn(id);
    }
    return known ?? null;
  }

  private async learn(id: string): Promise<void> {
    try {
      this.manifests.set(id, parseManifest(await getJson(`/imaging/instances/${id}`)));
      this.handlers.forEach((handler) => handler());
    } catch {
      this.manifests.delete(id); // asked again when the list is next drawn; until then it has no name
    }
  }
}
