// The edge function queue-worker. What it does is in crates/edge/src/functions/queue_worker.rs.

import { instantiate } from "../_shared/generated/pictures.js";
import { serve } from "../_shared/shim.ts";

serve("queue-worker", instantiate);
