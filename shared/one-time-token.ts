/**
 * The one-time token in what a person saved or pasted: the token itself, or the server's whole answer to
 * `POST /agents/enrollments`, which is JSON with the token in it. An empty text: there is none.
 */
export function oneTimeTokenIn(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return trimmed;
  try {
    // Whatever it is, it may have such a field.
    const { token } = JSON.parse(trimmed) as { readonly token?: unknown };
    return typeof token === 'string' ? token.trim() : trimmed;
  } catch {
    return trimmed;
  }
}
