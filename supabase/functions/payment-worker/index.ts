// The edge function payment-worker. What it does is in crates/edge/src/functions/payment_worker.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("payment-worker", instantiate);
