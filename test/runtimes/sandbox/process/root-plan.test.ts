import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { planRoot } from '../../../../src/runtimes/sandbox/process/root-plan';

const ROOT = { point: '/', type: 'ext4' };

describe('The plan of a root without one layer for all', () => {
  it('lays a layer over each of the machine’s folders but the ones each sandbox mounts itself.', () => {
    const { laid, opened } = planRoot('/nowhere/dir', [ROOT]);
    expect(laid).toEqual(expect.arrayContaining(['/etc', '/usr', '/var']));
    expect(laid.filter((folder) => /^\/(?:dev|proc|sys|tmp|run)$/.test(folder))).toEqual([]);
    expect(opened).toEqual(['']);
  });

  it('opens what something is mounted below, and goes round what is on no disk of the machine.', () => {
    const mounts = [ROOT, { point: '/etc/hosts', type: 'ext4' }, { point: '/var/lib', type: 'nfs4' }];
    const { laid, opened } = planRoot('/nowhere/dir', mounts);
    expect(opened).toEqual(expect.arrayContaining(['', '/etc', '/var']));
    expect(laid).toContain('/var/cache');
    expect(laid).not.toContain('/var/lib');
    expect(laid).not.toContain('/etc');
  });

  it('leaves DIR out.', () => {
    expect(planRoot('/usr', [ROOT]).laid).not.toContain('/usr');
    expect(planRoot('/usr/lib', [ROOT, { point: '/usr/share/x', type: 'ext4' }]).laid).not.toContain('/usr/lib');
  });

  it('leaves out folders whose names would mean something else among a mount’s options.', () => {
    const folder = realpathSync(mkdtempSync('/var/tmp/perennial-plan-'));
    try {
      for (const name of ['a blank', 'a:colon', 'a,comma']) mkdirSync(path.join(folder, name));
      const { laid } = planRoot('/nowhere/dir', [ROOT, { point: path.join(folder, 'mounted'), type: 'ext4' }]);
      expect(laid.filter((each) => each.startsWith(folder))).toEqual([path.join(folder, 'a blank')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('knows what is mounted on this machine.', () => {
    const below = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '');
    const { laid } = planRoot('/nowhere/dir');
    expect(laid.filter((folder) => below.some((point) => point.startsWith(`${folder}/`)))).toEqual([]);
  });
});
