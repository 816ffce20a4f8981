// The edge function confirm-payment. What it does is in crates/edge/src/functions/confirm_payment.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("confirm-payment", instantiate);
