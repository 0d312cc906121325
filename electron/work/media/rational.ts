import type { Rational } from '../../../shared/facts.ts';
import type { Ratio } from './probe.ts';

/** Rates and aspects stay fractions: 30000/1001 has no exact decimal, and an NLE compares the fraction. */

export function ratioValue(ratio: Ratio): number {
  return ratio.num / ratio.den;
}

export function reduceRatio(ratio: Ratio): Ratio {
  const divisor = greatestCommonDivisor(ratio.num, ratio.den);
  return { num: ratio.num / divisor, den: ratio.den / divisor };
}

export function formatRatio(ratio: Ratio, separator: '/' | ':' = '/'): string {
  return `${ratio.num}${separator}${ratio.den}`;
}

/** As the protocol spells a rate: the fraction, and its value with six decimals. */
export function wireRational(ratio: Ratio): Rational {
  const { num, den } = reduceRatio(ratio);
  return { num, den, value: Math.round((num / den) * 1e6) / 1e6 };
}

/** True where two rates differ by less than `tolerance`, relative to the second. */
export function isNear(one: Ratio, other: Ratio, tolerance: number): boolean {
  return Math.abs(ratioValue(one) / ratioValue(other) - 1) < tolerance;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
