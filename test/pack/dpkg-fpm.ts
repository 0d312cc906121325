#!/usr/bin/env node
/**
 * Stands in for fpm, which is fetched from the network: understands what electron-builder passes for a .deb and builds
 * it with dpkg-deb. Its own path goes into CUSTOM_FPM_PATH.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const single = new Map<string, string>();
const depends: string[] = [];
const recommends: string[] = [];
const mapped: { readonly from: string; readonly to: string }[] = [];

const given = process.argv.slice(2);
for (let at = 0; at < given.length; at += 1) {
  const word = given[at] ?? '';
  const value = given[at + 1] ?? '';
  if (word === '--force' || word === '--debug') continue;
  const joined = /^(--[a-z-]+)=(.*)$/.exec(word);
  if (joined !== null) {
    single.set(joined[1] ?? '', joined[2] ?? '');
  } else if (word.startsWith('-')) {
    at += 1;
    if (word === '-d' || word === '--depends') depends.push(value);
    else if (word === '--deb-recommends') recommends.push(value);
    else single.set(word, value);
  } else {
    const cut = word.lastIndexOf('=');
    mapped.push({ from: word.slice(0, cut), to: word.slice(cut + 1) });
  }
}

const root = mkdtempSync(join(tmpdir(), 'dpkg-fpm-'));
try {
  for (const { from, to } of mapped) {
    // fpm puts the file into a folder, the content of a folder into a folder, or gives a file a new name.
    const target = join(root, to);
    if (statSync(from).isDirectory()) cpSync(from, target, { recursive: true });
    else {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(from, target);
    }
  }
  mkdirSync(join(root, 'DEBIAN'));
  for (const [option, name] of [
    ['--after-install', 'postinst'],
    ['--after-remove', 'postrm'],
  ] as const) {
    const script = single.get(option);
    if (script === undefined) continue;
    copyFileSync(script, join(root, 'DEBIAN', name));
    chmodSync(join(root, 'DEBIAN', name), 0o755);
  }
  const control = [
    `Package: ${single.get('--name') ?? ''}`,
    `Version: ${single.get('--version') ?? ''}`,
    `Architecture: ${single.get('--architecture') ?? 'amd64'}`,
    `Maintainer: ${single.get('--maintainer') ?? ''}`,
    `Priority: ${single.get('--deb-priority') ?? 'optional'}`,
    `Section: ${single.get('--category') ?? 'video'}`,
    ...(depends.length > 0 ? [`Depends: ${depends.join(', ')}`] : []),
    ...(recommends.length > 0 ? [`Recommends: ${recommends.join(', ')}`] : []),
    ...['Conflicts', 'Replaces'].flatMap((field) => {
      const value = single.get(`--${field.toLowerCase()}`);
      return value === undefined ? [] : [`${field}: ${value}`];
    }),
    `Description: ${(single.get('--description') ?? '').replaceAll('\n', '\n ')}`,
    '',
  ];
  writeFileSync(join(root, 'DEBIAN/control'), control.join('\n'));
  // Quick: what is looked at is the content, not the compression.
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', root, single.get('--package') ?? '']);
} finally {
  rmSync(root, { recursive: true, force: true });
}
