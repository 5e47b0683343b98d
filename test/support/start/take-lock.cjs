// Takes the lock of the folder named, says how that went, and then lives until it is killed.
require('../typescript-hook.cjs');
const { lockDir } = require('../../../src/start/process/dir-lock.ts');

try {
  lockDir(process.argv[2]);
  console.log('taken');
} catch {
  console.log('refused');
}
setInterval(() => {}, 1_000);
