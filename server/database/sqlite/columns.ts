import type { CreateTableBuilder } from 'kysely';

/** Columns of SQLite's tables, several of one kind at once. */

export type Draft = CreateTableBuilder<string, string>;
export const text = (table: Draft, ...names: string[]): Draft =>
  names.reduce<Draft>((draft, name) => draft.addColumn(name, 'text', (column) => column.notNull()), table);
export const maybeText = (table: Draft, ...names: string[]): Draft =>
  names.reduce<Draft>((draft, name) => draft.addColumn(name, 'text'), table);
export const count = (table: Draft, ...names: string[]): Draft =>
  names.reduce<Draft>((draft, name) => draft.addColumn(name, 'bigint', (column) => column.notNull()), table);
export const maybeCount = (table: Draft, ...names: string[]): Draft =>
  names.reduce<Draft>((draft, name) => draft.addColumn(name, 'bigint'), table);
export const key = (table: Draft, name: string): Draft =>
  table.addColumn(name, 'text', (column) => column.primaryKey());
