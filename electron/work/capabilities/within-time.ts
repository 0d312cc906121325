/** The answer, or `otherwise` when it fails, takes longer than `ms`, or never comes. */
export async function withinTime<T>(answer: Promise<T>, ms: number, otherwise: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    resolve(otherwise);
  }, ms);
  try {
    return await Promise.race([answer.catch(() => otherwise), promise]);
  } finally {
    clearTimeout(timer);
  }
}
