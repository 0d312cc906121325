import { describe, expect, test } from 'vitest';
import { cardPartOf, spansOf } from '../../shared/camera-cards.ts';

const part = (path: string): string => {
  const { card, clip, role, number } = cardPartOf(path) ?? { card: '', clip: '', role: 'none', number: 0 };
  return `${card}|${clip}|${role} ${number}`;
};

describe('what part of a clip a file is', () => {
  test.each([
    ['Day 1/CARD/CONTENTS/VIDEO/0001AB.MXF', 'Day 1/CARD|0001AB|picture 1'],
    ['Day 1/CARD/CONTENTS/AUDIO/0001AB00.MXF', 'Day 1/CARD|0001AB|sound 1'],
    ['Day 1/CARD/CONTENTS/AUDIO/0001AB03.MXF', 'Day 1/CARD|0001AB|sound 4'],
    ['CONTENTS/PROXY/0001AB.MP4', '|0001AB|copy 1'],
    ['disc/Sub/C0001S01.MP4', 'disc|C0001|copy 1'],
    ['SD/PRIVATE/M4ROOT/SUB/C0007S03.MP4', 'SD/PRIVATE|C0007|copy 1'],
    ['sxs/BPAV/CLPR/777_0001_02/777_0001_02.MP4', 'sxs|777_0001|chapter 2'],
    ['cf/CONTENTS/CLIPS001/AA0001/AA000102.MXF', 'cf|AA0001|chapter 2'],
    ['PRIVATE/AVCHD/BDMV/STREAM/00003.MTS', 'PRIVATE/AVCHD|00003|take 1'],
    ['A001/A001_C002_0101AB.RDC/A001_C002_0101AB_003.R3D', 'A001|A001_C002_0101AB|chapter 3'],
    ['DCIM/100GOPRO/GX021234.MP4', 'DCIM/100GOPRO|1234|chapter 2'],
    ['DCIM/100GOPRO/GOPR1234.MP4', 'DCIM/100GOPRO|1234|chapter 1'],
    ['DCIM/100GOPRO/GP011234.MP4', 'DCIM/100GOPRO|1234|chapter 2'],
    ['DCIM/100GOPRO/GL021234.LRV', 'DCIM/100GOPRO|1234|copy 1'],
    ['GS010042.360', '|0042|chapter 1'],
    ['DJI_20240131120000_0001_D_002.MP4', '|DJI_20240131120000_0001_D|chapter 2'],
    ['DJI_0001_002.MOV', '|DJI_0001|chapter 2'],
    ['DJI_20240131120000_0001_D.LRF', '|DJI_20240131120000_0001_D|copy 1'],
    ['VID_20240131_120000_00_007.insv', '|20240131_120000|lens 1'],
    ['VID_20240131_120000_10_007.insv', '|20240131_120000|lens 2'],
    ['LRV_20240131_120000_11_007.insv', '|20240131_120000|copy 1'],
  ])('%s', (path, expected) => expect(part(path)).toBe(expected));

  test.each([
    'A001C001.mov',
    'DCIM/DJI_0001.MP4',
    'DJI_20240131120000_0001_D.MP4',
    'CONTENTS/CLIPS001/AA0001/BB000102.MXF',
    'M4ROOT/CLIP/C0001.MP4',
    'Clip/C0001.MXF',
    'Subway/C0001S01.MOV',
    'GX02123.MP4',
  ])('%s is a file of its own', (path) => expect(cardPartOf(path)).toBeNull());
});

/** A playlist as cards have it: stream names with how each is joined to the one before. */
function playlistOf(...items: readonly (readonly [name: string, condition: number])[]): DataView {
  const bytes = Buffer.alloc(58 + 10 + items.length * 84);
  bytes.write('MPLS0100', 0, 'latin1');
  bytes.writeUInt32BE(58, 8);
  bytes.writeUInt16BE(items.length, 58 + 6);
  items.forEach(([name, condition], index) => {
    const at = 58 + 10 + index * 84;
    bytes.writeUInt16BE(82, at);
    bytes.write(`${name}M2TS`, at + 2, 'latin1');
    bytes.writeUInt16BE(condition, at + 11);
  });
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

describe('which streams of an AVCHD card are one clip', () => {
  test('follows from how each is joined to the one before', () => {
    const playlist = playlistOf(['00000', 1], ['00001', 5], ['00002', 6], ['00003', 1]);
    expect(spansOf(playlist)).toEqual([['00000', '00001', '00002'], ['00003']]);
  });
  test('what is cut off or something else tells what is left of it', () => {
    const whole = playlistOf(['00000', 1], ['00001', 5]);
    expect(spansOf(new DataView(whole.buffer, whole.byteOffset, 58 + 10 + 84 + 4))).toEqual([['00000']]);
    expect(spansOf(new DataView(new ArrayBuffer(64)))).toEqual([]);
    expect(spansOf(new DataView(new ArrayBuffer(2)))).toEqual([]);
  });
});
