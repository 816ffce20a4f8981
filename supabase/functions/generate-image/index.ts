// The edge function generate-image. What it does is in crates/edge/src/functions/generate_image.rs.

import { instantiate } from "../_shared/generated/pictures.js";
import { serve } from "../_shared/shim.ts";

serve("generate-image", instantiate);
