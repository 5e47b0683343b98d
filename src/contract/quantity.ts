/** Kubernetes quantities: `500m`, `4Gi`. Pure, so that workflows may import it. */

const FACTORS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const PATTERN = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;

/** Cores or bytes of a Kubernetes quantity; null for any other text. */
export function parseQuantity(text: string): number | null {
  const match = text.length <= 40 ? PATTERN.exec(text) : null;
  if (!match) return null;
  const [, digits, exponent, suffix] = match;
  const factor = exponent === undefined ? FACTORS[suffix ?? ''] : 10 ** Number(exponent);
  return factor === undefined ? null : Number(digits) * factor;
}

/** Cores or bytes of a quantity that was validated before; 0 for any other text. */
export function quantity(text: string): number {
  return parseQuantity(text) ?? 0;
}

/** Cores as a quantity: whole ones plain, parts in thousandths. */
export function formatCpu(cores: number): string {
  const milli = Math.round(cores * 1_000);
  return milli % 1_000 === 0 ? String(milli / 1_000) : `${milli}m`;
}

/** Bytes as a quantity, in the largest binary unit that leaves no remainder. */
export function formatBytes(bytes: number): string {
  const whole = Math.round(bytes);
  for (const unit of ['Ti', 'Gi', 'Mi', 'Ki'] as const) {
    const factor = FACTORS[unit] ?? 1;
    if (whole !== 0 && whole % factor === 0) return `${whole / factor}${unit}`;
  }
  return String(whole);
}
