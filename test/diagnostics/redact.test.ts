import { describe, expect, it } from 'vitest';
import { createRedactor, type KnownNames } from '../../electron/agent/diagnostics/redact.ts';

const known: KnownNames = {
  sourcePaths: [
    'MEDIA/Secret Film/A001_C003.mov',
    'MEDIA/été.wav',
    'MEDIA/Nora "rough"\tcut\n2.mov',
    'MEDIA/50% of Zoë.mov',
  ],
  folders: new Map([
    ['/mnt/nas/rushes', 'root:MEDIA'],
    ['/home/ed', 'home'],
    ['C:\\Rushes', 'root:WIN'],
  ]),
  names: new Map([
    ['ed', 'user'],
    ['edit-07', 'host'],
  ]),
  secrets: ['s3cr3t-token-value'],
};
const redact = createRedactor(known, 'salt');

describe('a redacted text', () => {
  it.each([
    ['a source path', '“MEDIA/Secret Film/A001_C003.mov” could not be opened', /Secret|A001_C003/],
    ['its last part alone', 'open A001_C003.mov: EIO', /A001/],
    ['its name without extension', 'A001_C003_Proxy written', /A001_C003/],
    ['a folder of it', 'in “Secret Film”', /Secret Film/],
    ['accents', 'été.wav is silent', /été/],
    ['a media root', '/mnt/nas/rushes/Secret Film/x.mov', /nas|Secret/],
    ['a root on Windows, as JSON writes it', JSON.stringify({ path: 'C:\\Rushes\\x.mov' }), /Rushes/],
    ['a path nobody told us about', 'cannot read /srv/other/Client/take1.braw now', /srv|Client|take1/],
    ['a quoted path with spaces', 'copy “/srv/My Client/take 1.mov” first', /My Client|take 1/],
    ['a clip nobody told us about', 'skipped Interview-Final.MXF', /Interview/i],
    ['a machine and a user', 'edit-07: ed logged in', /edit-07|\bed\b/],
    ['a token we know', 'Authorization was s3cr3t-token-value', /s3cr3t/],
    ['a bearer token we do not know', 'Authorization: Bearer abc.def-ghi', /abc\.def/],
    ['a token in JSON', '{"lock_token":"zzz","token": "yyy"}', /zzz|yyy/],
    ['a login in an address', 'https://ann:pw@server.example/api', /ann:pw/],
    [
      'quotes and tabs, as JSON writes them',
      JSON.stringify({ path: 'MEDIA/Nora "rough"\tcut\n2.mov' }),
      /Nora|rough|cut/,
    ],
    ['the same inside JSON inside JSON', JSON.stringify(JSON.stringify('Nora "rough"\tcut\n2.mov')), /Nora|rough|cut/],
    ['the same as a terminal shows it', 'done Nora "rough"\\tcut\\n2.mov', /Nora|rough|cut/],
    // Without an ending or a slash before them, nothing but the known names gives these away.
    ['a name in an address', `derived?of=${encodeURIComponent('50% of Zoë')}&part=1`, /Zo|of%20/],
    ['a folder in an address', `derived?of=${encodeURI('Secret Film')}&part=1`, /Secret|Film/],
    ['a name that a Mac took apart', `${'50% of Zoë'.normalize('NFD')} was passed over`, /Zo/],
    ['a token in a fragment', 'http://127.0.0.1:4000/#token=abcdef', /abcdef/],
  ])('hides %s', (_what, text, secret) => {
    expect(redact(text)).not.toMatch(secret);
    expect(redact(text)).toMatch(/[~<]/);
  });

  it('gives one name one pseudonym, with its extension, and another one in the next bundle', () => {
    const name = /~[0-9a-f]{8}\.mov/;
    const first = redact('A001_C003.mov')?.match(name)?.[0];
    expect(first).toBeDefined();
    expect(redact('“MEDIA/Secret Film/A001_C003.mov”')).toContain(`MEDIA/${first}`);
    expect(createRedactor(known, 'other')('A001_C003.mov')).not.toContain(first);
  });

  it('leaves alone what says nothing about anybody', () => {
    const text = '{"level":40,"tool":"/usr/bin/ffmpeg","code":"ENCODE_FAILED","msg":"edited 3 of 4, and/or 1/2 done"}';
    expect(redact(text)).toBe(text);
  });
});
