// Prints as the command does: a line, the texts of a repeated word, and lines after its reader had time to go; exits with the code given.
require('../typescript-hook.cjs');
const { openOutput } = require('../../../src/cli/output/process-output.ts');

const [code, length, waitMs] = process.argv.slice(2).map(Number);
const output = openOutput(process);
async function command() {
  output.write('first\n');
  output.write('word '.repeat(length / 5));
  if (waitMs > 0) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    // Again and again, as its reader may need longer to go.
    setInterval(() => output.write('last\n'), 100);
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
  return code;
}
Promise.race([command().then(output.finish), output.broken]).then((end) => process.exit(end));
