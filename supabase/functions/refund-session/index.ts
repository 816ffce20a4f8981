// The edge function refund-session. What it does is in crates/edge/src/functions/refund_session.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("refund-session", instantiate);
