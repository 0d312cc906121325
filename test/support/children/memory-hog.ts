/** Takes argv[2] MiB of real memory in steps of 16, then waits. */
const held: Buffer[] = [];
const wanted = Number(process.argv[2]);
const timer = setInterval(() => {
  held.push(Buffer.alloc(16 * 1024 * 1024, 1));
  if (held.length * 16 >= wanted) {
    clearInterval(timer);
    process.stdout.write('full\n');
    setTimeout(() => held.length, 60_000);
  }
}, 10);
