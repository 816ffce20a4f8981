// The edge function start-session. What it does is in crates/edge/src/functions/start_session.rs.

import { instantiate } from "../_shared/generated/payments.js";
import { serve } from "../_shared/shim.ts";

serve("start-session", instantiate);
