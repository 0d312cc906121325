/** A file the worker does not decode, and why, as the end of a sentence: “… it claims 60000 × 60000 pixels”. */
export class Refusal extends Error {
  readonly code: 'SOURCE_UNREADABLE' | 'UNSUPPORTED_MEDIA';
  readonly because: string;
  constructor(code: Refusal['code'], because: string) {
    super(because);
    this.name = 'Refusal';
    this.code = code;
    this.because = because;
  }

  static ofSize(width: number, height: number, allowed: number): Refusal {
    const most = `${Math.round(allowed / 1e6)} million`;
    return new Refusal('SOURCE_UNREADABLE', `claims ${width} × ${height} pixels, and more than ${most} are refused`);
  }

  static ofMemory(width: number, height: number): Refusal {
    const how = `${width} × ${height} pixels stored so that all of them have to be held at once`;
    return new Refusal('UNSUPPORTED_MEDIA', `has ${how}`);
  }
}
