// The edge function queue-worker. What it does is in crates/edge/src/functions/queue_worker.rs.

import { serve } from "../_shared/shim.ts";

serve("queue-worker");
