import fc from 'fast-check';
import { startSlots } from '../../src/worker/start-slots';

const slotsOf = (atMost: number) => {
  const { tuner } = startSlots(atMost);
  return tuner && 'activityTaskSlotOptions' in tuner ? tuner.activityTaskSlotOptions : undefined;
};

test('There are never more slots than the setting says, and always one.', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), (atMost) => {
      const { minimumSlots = 0, maximumSlots } = slotsOf(atMost) ?? {};
      expect(maximumSlots).toBe(atMost);
      expect(minimumSlots).toBeGreaterThanOrEqual(1);
      expect(minimumSlots).toBeLessThanOrEqual(atMost);
    }),
  );
});
