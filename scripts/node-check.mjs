// Checked before anything else, in syntax that old versions of Node can parse.
const OLDEST = 24;

export function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST) return;
  console.error(
    `RushCatalog Agent needs Node ${OLDEST} or newer and runs on ${process.versions.node}; on linux-x64 “npm ci” brings it along, elsewhere install it from your system or nodejs.org.`,
  );
  process.exit(2);
}
