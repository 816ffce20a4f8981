// The edge function payment-webhook. What it does is in crates/edge/src/functions/payment_webhook.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("payment-webhook", instantiate);
