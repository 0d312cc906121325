import { z } from 'zod';

/** The text fields of a part; form fields are text, hence the coercion. */
export const PartFields = z.object({
  upload_id: z.string().min(1),
  lock_token: z.string().min(1),
  part_number: z.coerce.number().int().min(1).max(10_000),
});
export type PartFields = z.infer<typeof PartFields>;
