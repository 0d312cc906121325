// Imported before anything else: libuv reads this once, at its first use. One thread per possibly hanging media root
// and some to spare (reliability.md, "A share that hangs hangs nobody else").
process.env['UV_THREADPOOL_SIZE'] ??= '32';
