import { runtimeContract } from './contract';
import { type Isolation, makeSandboxWorld } from './sandbox-world';

const KINDS: Isolation[] = process.getuid?.() === 0 ? ['auto', 'plain'] : ['plain'];

for (const isolation of KINDS) runtimeContract(`sandbox (isolation: ${isolation})`, () => makeSandboxWorld(isolation));
