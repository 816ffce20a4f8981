//! What the owner has set about payments: which provider, and by which keys.

use super::given;
use crate::context::Till;
use serde::Deserialize;

/// The environment, as far as payments need it. It holds keys, so it cannot be printed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub struct PaymentSettings {
    supabase_url: Option<String>,
    public_api_url: Option<String>,
    payment_provider: Option<String>,
    razorpay_key_id: Option<String>,
    razorpay_key_secret: Option<String>,
    razorpay_webhook_secret: Option<String>,
    razorpay_webhook_secret_previous: Option<String>,
    razorpay_api_url: Option<String>,
    hub_name: Option<String>,
}

/// What the provider's page shows where the owner gave his hub no name.
const HUB_NAME: &str = "AI Access Hub";

impl PaymentSettings {
    /// Who takes the customers' money.
    ///
    /// # Errors
    /// What is wrong with it, for the owner.
    pub fn till(&self) -> Result<Till, String> {
        let taker = payment::Settings::from(|name| {
            given(match name {
                "PAYMENT_PROVIDER" => &self.payment_provider,
                "RAZORPAY_KEY_ID" => &self.razorpay_key_id,
                "RAZORPAY_KEY_SECRET" => &self.razorpay_key_secret,
                "RAZORPAY_WEBHOOK_SECRET" => &self.razorpay_webhook_secret,
                "RAZORPAY_WEBHOOK_SECRET_PREVIOUS" => &self.razorpay_webhook_secret_previous,
                "RAZORPAY_API_URL" => &self.razorpay_api_url,
                "SUPABASE_URL" => &self.supabase_url,
                "PUBLIC_API_URL" => &self.public_api_url,
                _ => return None,
            })
            .map(str::to_owned)
        });
        let payment::Settings { provider, webhook_secrets } = taker.map_err(|wrong| wrong.to_string())?;
        Ok(Till { provider, webhook_secrets, hub_name: given(&self.hub_name).unwrap_or(HUB_NAME).to_owned() })
    }
}
