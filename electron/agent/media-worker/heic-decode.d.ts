/** The part of heic-decode that is used here; the package ships no types. */
declare module 'heic-decode' {
  interface HeifImage {
    readonly width: number;
    readonly height: number;
    /** RGBA, 8 bit. */
    decode(): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8ClampedArray }>;
  }
  const heicDecode: {
    /** Reads the headers of all top-level images; `dispose` frees what the decoder holds. */
    all(options: { readonly buffer: Uint8Array }): Promise<readonly HeifImage[] & { dispose(): void }>;
  };
  export default heicDecode;
}
