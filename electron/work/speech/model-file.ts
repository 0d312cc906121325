import { open, type FileHandle } from 'node:fs/promises';

/** What the header of a whisper.cpp model file (ggml) says about it. */
export interface ModelFacts {
  /** `tiny`, `base`, `small`, `medium`, `large`, or `unknown`. */
  readonly size: string;
  readonly multilingual: boolean;
  /** The file ends after its vocabulary: the engine loads it and hears nothing; made for tests. */
  readonly weightless: boolean;
}

type ModelReading =
  | { readonly kind: 'model'; readonly facts: ModelFacts }
  | { readonly kind: 'not-a-model'; readonly why: string }
  | { readonly kind: 'truncated' };

/** "ggml" as a little-endian word, the first four bytes of every whisper.cpp model. */
const GGML_MAGIC = 0x67676d6c;
const SIZE_BY_AUDIO_LAYERS: Readonly<Record<number, string>> = {
  4: 'tiny',
  6: 'base',
  12: 'small',
  24: 'medium',
  32: 'large',
};
/** 51,864 tokens are English only; every multilingual vocabulary is larger (whisper.cpp, `is_multilingual`). */
const FIRST_MULTILINGUAL_VOCABULARY = 51_865;
/** Magic, eleven hyperparameters, and the two sizes of the mel filter table. */
const HEADER_BYTES = 14 * 4;
const LARGEST_VOCABULARY = 200_000;
const LARGEST_FILTER_TABLE = 1 << 20;

/**
 * Reads the header and walks the vocabulary without loading the model. whisper.cpp itself takes a file that ends
 * inside the vocabulary for an empty one and then transcribes nothing, so truncation is found out here.
 */
export async function readModel(path: string): Promise<ModelReading> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = await readAt(file, 0, HEADER_BYTES);
    if (header === null) return { kind: 'not-a-model', why: 'it is too short' };
    if (header.readUInt32LE(0) !== GGML_MAGIC) return { kind: 'not-a-model', why: describeMagic(header) };
    const vocabularySize = header.readInt32LE(4);
    const filterValues = header.readInt32LE(48) * header.readInt32LE(52);
    if (filterValues <= 0 || filterValues > LARGEST_FILTER_TABLE)
      return { kind: 'not-a-model', why: 'its header is damaged' };
    const end = await endOfVocabulary(file, HEADER_BYTES + filterValues * 4);
    if (end === null || end > size) return { kind: 'truncated' };
    const facts: ModelFacts = {
      size: SIZE_BY_AUDIO_LAYERS[header.readInt32LE(20)] ?? 'unknown',
      multilingual: vocabularySize >= FIRST_MULTILINGUAL_VOCABULARY,
      weightless: end === size,
    };
    return { kind: 'model', facts };
  } finally {
    await file.close();
  }
}

/** Whether a file is a Silero model for whisper.cpp: the ggml mark, then the model's type as a short text. */
export async function isDetectorModel(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const header = await readAt(file, 0, 32);
    if (header === null || header.readUInt32LE(0) !== GGML_MAGIC) return false;
    const length = header.readInt32LE(4);
    return length > 0 && length <= 24 && header.toString('latin1', 8, 8 + length).startsWith('silero');
  } finally {
    await file.close();
  }
}

function describeMagic(header: Buffer): string {
  const magic = header.toString('latin1', 0, 4);
  if (magic === 'GGUF') return 'it is a GGUF file, which is another program’s format';
  if (magic.startsWith('PK')) return 'it is a PyTorch or zip file; it must be converted to ggml first';
  return 'it does not begin with the ggml mark';
}

/** Offset of the first byte after the vocabulary, or null where the file ends inside it. */
async function endOfVocabulary(file: FileHandle, start: number): Promise<number | null> {
  const head = await readAt(file, start, 4);
  if (head === null) return null;
  const words = head.readInt32LE(0);
  if (words < 0 || words > LARGEST_VOCABULARY) return null;
  // A vocabulary is about 600 KB; one read of 4 MB holds any that is real.
  const block = Buffer.alloc(4 << 20);
  const { bytesRead } = await file.read(block, 0, block.length, start + 4);
  let offset = 0;
  for (let index = 0; index < words; index += 1) {
    if (offset + 4 > bytesRead) return null;
    offset += 4 + block.readUInt32LE(offset);
  }
  return offset > bytesRead ? null : start + 4 + offset;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer | null> {
  const block = Buffer.alloc(length);
  const { bytesRead } = await file.read(block, 0, length, position);
  return bytesRead === length ? block : null;
}
