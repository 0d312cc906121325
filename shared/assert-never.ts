/** Makes the compiler refuse a `switch` that forgot a case; throws if data from outside slipped through. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
