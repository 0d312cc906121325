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
  export interface HeifDecoder {
    /** The raw context, once something was decoded. */
    readonly decoder: ImageHandle;
    /** Handles of all top-level images, none of them decoded; none where the file cannot be read. */
    decode(bytes: Uint8Array): readonly HeifImage[];
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
    readonly HeifDecoder: new () => HeifDecoder;
    heif_js_decode_image2(handle: ImageHandle, colorspace: EnumValue, chroma: EnumValue): Promise<Decoded> | Decoded;
    heif_image_release(image: object): void;
    _malloc(bytes: number): number;
    _free(address: number): void;
    _heif_image_handle_get_luma_bits_per_pixel(handle: number): number;
    /** Writes a heif_error to `error` and the address of a heif_color_profile_nclx to `out`. */
    _heif_image_handle_get_nclx_color_profile(error: number, handle: number, out: number): void;
    _heif_image_handle_get_ispe_width(handle: number): number;
    _heif_image_handle_get_ispe_height(handle: number): number;
    _heif_image_handle_get_item_id(handle: number): number;
    /** Writes numbers of properties, 32 bits each, to `out`, in the order in which they apply; answers how many. */
    _heif_item_get_transformation_properties(context: number, item: number, out: number, most: number): number;
    /** A four-character code. */
    _heif_item_get_property_type(context: number, item: number, property: number): number;
    /** Writes how much is cut off a picture of `width` × `height`, 32 bits each. */
    _heif_item_get_property_transform_crop_borders(
      context: number,
      item: number,
      property: number,
      width: number,
      height: number,
      left: number,
      top: number,
      right: number,
      bottom: number,
    ): void;
    /** Degrees counter-clockwise: 0, 90, 180 or 270. */
    _heif_item_get_property_transform_rotation_ccw(context: number, item: number, property: number): number;
    /** 0: above and below are exchanged; 1: left and right. */
    _heif_item_get_property_transform_mirror(context: number, item: number, property: number): number;
    _heif_nclx_color_profile_free(profile: number): void;
  };
  export default libheif;
}
