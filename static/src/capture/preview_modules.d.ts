declare module "@cornerstonejs/codec-*js" {
  const factory: unknown;
  export default factory;
}

declare module "@cornerstonejs/codec-*?url" {
  const url: string;
  export default url;
}

declare module "jpeg-lossless-decoder-js" {
  export class Decoder {
    readonly frame: { readonly dimX: number; readonly dimY: number; readonly precision: number };
    decompress(buffer: ArrayBuffer, offset?: number, length?: number): ArrayBuffer;
  }
}
