/**
 * Drawn scenes that look like rushes from afar, for pictures of the product: nobody's footage is needed. Runs in a page:
 * `drawScene` may use nothing from outside itself.
 */

export const RUSH_SCENES = ['ridge', 'sea', 'city', 'interview', 'forest', 'field'] as const;
export type RushScene = (typeof RUSH_SCENES)[number];

/**
 * One picture of a scene as a JPEG data URL.
 * @param at 0..1: where in the shot; the camera moves slowly
 */
export function drawScene({ scene, at }: { readonly scene: RushScene; readonly at: number }): string {
  const width = 960;
  const height = 540;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('this browser draws nothing');

  /** The same numbers for the same seed, so that a shot holds together. */
  const random = (seed: number): (() => number) => {
    let state = seed * 2_654_435_761;
    return () => {
      state = Math.imul(state ^ (state >>> 15), 2_246_822_519) ^ (state + 0x9e3779b9);
      return ((state ^ (state >>> 13)) >>> 0) / 4_294_967_296;
    };
  };
  const wave = (x: number, seed: number): number =>
    [1, 2.1, 4.3, 8.9, 17].reduce((sum, f, i) => sum + Math.sin(x * f + seed * (i + 1) * 1.7) / f ** 0.95, 0);
  const gradient = (stops: readonly (readonly [number, string])[], top = 0, bottom = height): CanvasGradient => {
    const fill = pen.createLinearGradient(0, top, 0, bottom);
    for (const [where, colour] of stops) fill.addColorStop(where, colour);
    return fill;
  };
  const glow = (x: number, y: number, radius: number, inner: string, outer = 'rgba(0,0,0,0)'): void => {
    const fill = pen.createRadialGradient(x, y, 0, x, y, radius);
    fill.addColorStop(0, inner);
    fill.addColorStop(1, outer);
    pen.fillStyle = fill;
    pen.fillRect(0, 0, width, height);
  };
  const hills = (base: number, rise: number, seed: number, shift: number, fill: string | CanvasGradient): void => {
    pen.beginPath();
    pen.moveTo(0, height);
    for (let x = 0; x <= width; x += 3) pen.lineTo(x, base - rise * wave((x + shift) / 190, seed));
    pen.lineTo(width, height);
    pen.fillStyle = fill;
    pen.fill();
  };

  const scenes: Record<RushScene, () => void> = {
    ridge() {
      pen.fillStyle = gradient([
        [0, '#27405e'],
        [0.45, '#c98f78'],
        [0.62, '#f2cfa0'],
        [1, '#f6dfbe'],
      ]);
      pen.fillRect(0, 0, width, height);
      glow(620 - at * 40, 300, 330, 'rgba(255,232,180,.9)', 'rgba(255,220,160,0)');
      const layers = ['#a98a8d', '#86747f', '#5f5c70', '#41465c', '#272f43', '#141b29'];
      for (const [i, colour] of layers.entries()) {
        const base = 300 + i * 42;
        const haze = gradient(
          [
            [0, colour],
            [1, '#d9b89c'],
          ],
          base - 60,
          base + 210 - i * 20,
        );
        hills(base, 30 + i * 7, 3 + i * 5, at * (18 + i * 34), i > 3 ? colour : haze);
      }
    },
    sea() {
      pen.fillStyle = gradient([
        [0, '#1c2c4c'],
        [0.4, '#b0604f'],
        [0.52, '#f0b265'],
        [0.53, '#7d5f5a'],
        [1, '#101c2c'],
      ]);
      pen.fillRect(0, 0, width, height);
      glow(430 + at * 20, 262, 240, 'rgba(255,226,160,.95)');
      const next = random(11);
      for (let i = 0; i < 900; i += 1) {
        const depth = next() ** 1.8;
        const y = 286 + depth * 254;
        const near = 1 - Math.min(1, Math.abs((next() - 0.5) * 1.5));
        const x = 430 + (next() - 0.5) * (160 + depth * 1100) + Math.sin(at * 14 + i) * (4 + depth * 16);
        pen.fillStyle = `rgba(255,${190 + Math.floor(near * 40)},${120 + Math.floor(near * 60)},${0.08 + near * 0.3 * (1 - depth * 0.6)})`;
        pen.fillRect(x, y, 10 + depth * 70, 1 + depth * 3);
      }
      hills(292, 5, 9, at * 10, 'rgba(30,34,52,.75)');
    },
    city() {
      pen.fillStyle = gradient([
        [0, '#0a0d18'],
        [0.7, '#1a1a2a'],
        [1, '#26202a'],
      ]);
      pen.fillRect(0, 0, width, height);
      pen.globalCompositeOperation = 'lighter';
      const colours = ['255,170,80', '255,90,60', '120,190,255', '255,220,150', '90,255,200', '255,120,190'];
      const next = random(5);
      for (let i = 0; i < 120; i += 1) {
        const far = next();
        const x = ((next() * 1.3 * width - at * (30 + far * 160)) % (width + 120)) - 60;
        const y = 120 + next() * 360 * (0.4 + far * 0.6);
        const radius = 6 + far * 34;
        const colour = colours[Math.floor(next() * colours.length)] ?? '255,255,255';
        const flicker = 0.75 + 0.25 * Math.sin(at * 20 + i * 2);
        pen.fillStyle = `rgba(${colour},${(0.1 + next() * 0.22) * flicker})`;
        pen.beginPath();
        pen.arc(x, y, radius, 0, Math.PI * 2);
        pen.fill();
        pen.lineWidth = 1.5;
        pen.strokeStyle = `rgba(${colour},${0.16 * flicker})`;
        pen.stroke();
      }
      pen.globalCompositeOperation = 'source-over';
      pen.fillStyle = 'rgba(4,5,10,.9)';
      for (let i = 0; i < 4; i += 1) pen.fillRect(40 + i * 290 - at * 50, 0, 26, height);
    },
    interview() {
      pen.fillStyle = gradient([
        [0, '#2c3a3d'],
        [1, '#161c1f'],
      ]);
      pen.fillRect(0, 0, width, height);
      pen.filter = 'blur(22px)';
      pen.fillStyle = '#d9a869';
      pen.fillRect(90, 60, 150, 250);
      pen.fillStyle = '#5d7b78';
      pen.fillRect(300, 40, 220, 330);
      pen.fillStyle = '#3c2f2a';
      pen.fillRect(0, 360, width, 200);
      const sway = Math.sin(at * 9) * 5;
      const person = (shift: number, skin: string, cloth: string): void => {
        pen.fillStyle = cloth;
        pen.beginPath();
        pen.ellipse(650 + sway * 0.5 + shift, 590, 235, 220, 0, 0, Math.PI * 2);
        pen.fill();
        pen.fillStyle = skin;
        pen.fillRect(612 + sway + shift, 300, 76, 110);
        pen.beginPath();
        pen.ellipse(650 + sway + shift, 235, 78, 104, 0.04 * Math.sin(at * 9), 0, Math.PI * 2);
        pen.fill();
      };
      pen.filter = 'blur(5px)';
      person(-8, '#f0bd94', '#7a8d92');
      person(6, '#a8755a', '#2f3f47');
      pen.fillStyle = '#2a1d18';
      pen.beginPath();
      pen.ellipse(654 + sway, 180, 90, 74, 0, Math.PI * 0.98, Math.PI * 2.08);
      pen.fill();
      pen.filter = 'none';
      glow(520, 230, 300, 'rgba(255,205,150,.28)');
    },
    forest() {
      pen.fillStyle = gradient([
        [0, '#cfd8c4'],
        [0.6, '#a9b99f'],
        [1, '#4a553f'],
      ]);
      pen.fillRect(0, 0, width, height);
      for (let layer = 0; layer < 5; layer += 1) {
        const next = random(20 + layer);
        const dark = 178 - layer * 38;
        pen.fillStyle = `rgb(${dark - 18},${dark},${dark - 26})`;
        for (let i = 0; i < 12 + layer; i += 1) {
          const x = ((next() * 1.6 * width - at * (20 + layer * 70)) % (width + 200)) - 80;
          const thick = 5 + layer * 9 + next() * 8;
          pen.beginPath();
          pen.moveTo(x, 0);
          pen.lineTo(x + thick * 0.7, 0);
          pen.lineTo(x + thick + 8, height);
          pen.lineTo(x - 8, height);
          pen.fill();
        }
        pen.fillStyle = `rgba(214,224,200,${0.2 - layer * 0.035})`;
        pen.fillRect(0, 0, width, height);
      }
      glow(300 + at * 60, 60, 460, 'rgba(255,246,205,.6)');
      hills(500, 8, 4, at * 120, '#26301f');
    },
    field() {
      pen.fillStyle = gradient([
        [0, '#8fb3c9'],
        [0.5, '#d8dcc0'],
        [0.56, '#b9b56f'],
        [1, '#4f5a22'],
      ]);
      pen.fillRect(0, 0, width, height);
      hills(300, 10, 7, at * 20, '#7f9a7c');
      hills(322, 7, 2, at * 34, '#98a05a');
      const next = random(31);
      for (let i = 0; i < 1500; i += 1) {
        const depth = (i / 1500) ** 1.4;
        const x = ((next() * 1.4 * width - at * (40 + depth * 200)) % (width + 80)) - 40;
        const foot = 330 + depth * 240;
        const tall = 14 + depth * 120 * (0.6 + next() * 0.6);
        const lean = (Math.sin(at * 10 + x / 90) * 0.16 + (next() - 0.5) * 0.25) * tall;
        const light = 70 + next() * 110;
        pen.strokeStyle = `rgba(${light + 60},${light + 40},${light * 0.35},.8)`;
        pen.lineWidth = 0.8 + depth * 2.6;
        pen.beginPath();
        pen.moveTo(x, foot);
        pen.quadraticCurveTo(x + lean * 0.3, foot - tall * 0.6, x + lean, foot - tall);
        pen.stroke();
      }
      glow(760, 120, 420, 'rgba(255,240,190,.55)');
    },
  };
  scenes[scene]();
  const shade = pen.createRadialGradient(width / 2, height / 2, height * 0.45, width / 2, height / 2, width * 0.62);
  shade.addColorStop(0, 'rgba(0,0,0,0)');
  shade.addColorStop(1, 'rgba(0,0,0,.38)');
  pen.fillStyle = shade;
  pen.fillRect(0, 0, width, height);
  return canvas.toDataURL('image/jpeg', 0.94);
}
