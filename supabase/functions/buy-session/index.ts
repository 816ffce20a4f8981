// The edge function buy-session. What it does is in crates/edge/src/functions/buy_session.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("buy-session", instantiate);
