/** Arguments that hold no blank, as they are written on a command line. */
export function argv(text: string): readonly string[] {
  return text.split(' ');
}
