import { z } from 'zod';
import { SettingsSchema } from '../../../shared/settings.ts';

/**
 * What a machine-wide policy may say; docs/deploy.md, "Policy". `settings` are locked, `defaults` are preset and may be
 * changed by a person. Nothing in it is a secret: tokens are in files of their own.
 */
const Some = z.strictObject(
  Object.fromEntries(
    // A default of the schema must not turn into a value of the policy.
    Object.entries(SettingsSchema.shape).map(([name, schema]) => [name, withoutDefault(schema).optional()]),
  ),
);

function withoutDefault(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? (schema.unwrap() as z.ZodType) : schema;
}

export const PolicySchema = z.strictObject({
  $schema: z.string().optional(),
  settings: Some.optional(),
  defaults: Some.optional(),
  enrolment: z
    .strictObject({
      /** File with a one-time token; exchanged at the first start that has no token of its own. */
      tokenFile: z.string().min(1).max(4096),
    })
    .optional(),
});
export type Policy = z.infer<typeof PolicySchema>;
