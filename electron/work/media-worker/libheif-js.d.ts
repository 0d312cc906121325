/** The part of libheif's WebAssembly build that is used here; the package types only its raw calls. */
declare module 'libheif-js/wasm-bundle.js' {
  interface EnumValue {
    readonly value: number;
  }
  interface ImageHandle {
    /** Embind's own record; `ptr` is what the raw calls take. */
    readonly $$: { readonly ptr: number };
  }
  export interface HeifImage {
    readonly handle: ImageHandle;
    /** After its rotation, mirroring and cropping. */
    get_width(): number;
    get_height(): number;
    is_primary(): boolean;
    has_alpha_channel(): boolean;
    free(): void;
  }
  export interface DecodedChannel {
    readonly id: EnumValue;
    /** Bytes of one row, with what the decoder added behind it. */
    readonly stride: number;
    /** A view of the decoder's memory: gone with the image. */
    readonly data: Uint8Array;
    readonly width: number;
    readonly height: number;
    readonly bits_per_pixel: number;
  }
  interface Decoded {
    /** Only of a failure. */
    readonly code?: EnumValue;
    readonly image?: object;
    readonly channels?: readonly DecodedChannel[];
  }
  const libheif: {
    readonly HEAP32: Int32Array;
    readonly HEAPU32: Uint32Array;
    readonly heif_colorspace: { readonly heif_colorspace_RGB: EnumValue };
    readonly heif_chroma: Readonly<
      Record<'heif_chroma_interleaved_RGBA' | 'heif_chroma_interleaved_RRGGBBAA_LE', EnumValue>
    >;
    readonly HeifDecoder: new () => {
      /** Handles of all top-level images, none of them decoded; none where the file cannot be read. */
      decode(bytes: Uint8Array): readonly HeifImage[];
    };
    heif_js_decode_image2(handle: ImageHandle, colorspace: EnumValue, chroma: EnumValue): Promise<Decoded> | Decoded;
    heif_image_release(image: object): void;
    _malloc(bytes: number): number;
    _free(address: number): void;
    _heif_image_handle_get_luma_bits_per_pixel(handle: number): number;
    /** Writes a heif_error to `error` and the address of a heif_color_profile_nclx to `out`. */
    _heif_image_handle_get_nclx_color_profile(error: number, handle: number, out: number): void;
    _heif_nclx_color_profile_free(profile: number): void;
  };
  export default libheif;
}
