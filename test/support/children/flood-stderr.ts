import { writeSync } from 'node:fs';

/** Writes argv[2] MiB to stderr: with argv[3] = "lines" in short lines, else without a single line end. Then "done" on stdout. */
const mebibytes = Number(process.argv[2]);
const piece =
  process.argv[3] === 'lines' ? Buffer.from('a warning that repeats\n'.repeat(2_850)) : Buffer.alloc(65_536, 'x');
for (let written = 0; written < mebibytes * 1024 * 1024;) written += writeSync(2, piece);
writeSync(1, 'done\n');
