import { z } from 'zod';

// The page forbids eval; without this zod would try it once, and the browser would report the attempt.
z.config({ jitless: true });
