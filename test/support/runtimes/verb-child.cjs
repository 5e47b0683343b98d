// Does one verb of the sandbox runtime in a process of its own: SOURCES OPTIONS VERB ARGUMENT [CRASH], the middle three in JSON.
// SOURCES is the folder of the compiled modules. With CRASH the process kills itself before the CRASHth change that it makes to the machine.
const childProcess = require('node:child_process');
const fs = require('node:fs');

const [sources, options, verb, argument, crash] = process.argv.slice(2);
let changes = 0;

function change() {
  changes += 1;
  if (changes === Number(crash)) process.kill(process.pid, 'SIGKILL');
}

function countCalls(of, names) {
  for (const name of names) {
    const original = of[name];
    of[name] = (...args) => {
      change();
      return original(...args);
    };
  }
}

const { createSandboxRuntime } = require(`${sources}/runtimes/sandbox/index.js`);
const runtime = createSandboxRuntime(JSON.parse(options));
if (crash !== undefined) {
  countCalls(fs, ['linkSync', 'mkdirSync', 'renameSync', 'rmSync', 'writeFileSync']);
  countCalls(fs.promises, ['chmod', 'lchown', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'writeFile']);
  const { spawn } = childProcess;
  childProcess.spawn = (...args) => {
    change();
    const child = spawn(...args);
    if (child.stdin === null) return child;
    const { write } = child.stdin;
    child.stdin.write = (...chunk) => {
      change();
      const written = write.apply(child.stdin, chunk);
      change();
      return written;
    };
    return child;
  };
}

/** As the command makes them. */
function ownStreams() {
  const { stdin, stdout, stderr, env } = process;
  const onSignal = (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  };
  return require(`${sources}/cli/own-streams.js`).ownStreams({ stdin, stdout, stderr, term: env.TERM, onSignal });
}

const progress = { signal: new AbortController().signal, waitingFor: () => {} };
const input = JSON.parse(argument);
const call =
  { shell: () => runtime.shell(input, { command: input.command, streams: ownStreams(), signal: progress.signal }) }[verb] ??
  (() => runtime[verb](input, progress));
call().then(
  (answer) => {
    if (verb === 'shell') process.exit(answer);
    console.log(JSON.stringify({ answer }));
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
