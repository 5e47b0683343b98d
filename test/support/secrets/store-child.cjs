// Uses the file store in a process of its own, which a test can kill: FOLDER MODE [NUMBER]. It runs with typescript-hook.cjs.
// `write`: puts records without an end and prints the version of each. `crash`: one put, killed before the NUMBERth change of files.
// `count`: raises a counter NUMBER times by compare-and-set. `trace`: one put, and prints its changes of files in their order.
const { promises } = require('node:fs');
const path = require('node:path');

const [folder, mode, number] = process.argv.slice(2);
const KEY = { kind: 'secret', holder: 'owner/ada', name: 'COUNTER' };
const NAMES = ['mkdir', 'open', 'rename', 'rm'];
let changes = 0;

/** Every change of a file, before it is made. */
function change(what) {
  changes += 1;
  if (mode === 'crash' && changes === Number(number)) process.kill(process.pid, 'SIGKILL');
  if (mode === 'trace') console.log(what);
}

function watchFiles() {
  const nameOf = (file) => path.relative(folder, file) || '.';
  for (const name of NAMES) {
    const original = promises[name];
    promises[name] = async (...args) => {
      change(`${name} ${nameOf(args[0])}`);
      const result = await original(...args);
      if (name !== 'open') return result;
      for (const verb of ['writeFile', 'sync']) {
        const call = result[verb].bind(result);
        result[verb] = (...rest) => {
          change(`${verb} ${nameOf(args[0])}`);
          return call(...rest);
        };
      }
      return result;
    };
  }
}

/** A value that shows whether it is whole, and of which version it is. */
const recordValue = (version) => Buffer.from(JSON.stringify({ version, filler: String(version % 10).repeat(100_000) }));

async function main() {
  const { createFileStore } = require('../../../src/secrets/files');
  const { Conflict } = require('../../../src/secrets/store');
  const store = createFileStore(folder);
  const versionNow = async () => (await store.get(KEY))?.version ?? 0;
  const putNext = async () => {
    const version = await versionNow();
    return store.put(KEY, { value: recordValue(version + 1), description: {} }, version);
  };
  if (mode === 'write') for (;;) console.log((await putNext()).version);
  if (mode === 'crash' || mode === 'trace') {
    watchFiles();
    return putNext();
  }
  for (let done = 0; done < Number(number); ) {
    try {
      await putNext();
      done += 1;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
