import { giveWorld, type RuntimeWorld } from './contract-harness';
import { homeRules } from './contract-homes';
import { insideRules, waitingRules } from './contract-inside';
import { podRules } from './contract-pods';

export { expectFailure, patiently, podSpec, type RuntimeWorld } from './contract-harness';

/** The rules that every runtime keeps. */
export function runtimeContract(name: string, makeWorld: () => Promise<RuntimeWorld>): void {
  describe(`The contract of the ${name} runtime`, () => {
    const given = giveWorld(makeWorld);
    describe('for homes', () => homeRules(given));
    describe('for pods', () => podRules(given));
    describe('for what runs inside', () => insideRules(given));
    describe('for waiting', () => waitingRules(given));
  });
}
