/** A shipped unit with another command, which is carried out once from where the service would be. */
export function trialUnit(unit: string, command: string): string {
  return unit
    .replace(/^ExecStart=.*$/m, () => `ExecStart=${command}`)
    .replace('Type=simple', 'Type=oneshot')
    .replace(/^Restart=.*$/m, 'Restart=no');
}
