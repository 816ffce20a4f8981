/**
 * Who pays in the stand-in: a made-up person, with all that Razorpay tells about one. Owns these values, so that a test
 * can look for them where none of them should be.
 */
import { newId } from "./ids.ts";

/** How somebody pays. */
export type Method = "upi" | "card" | "netbanking" | "wallet";

/** What a checkout was told about the person beforehand. */
export interface Prefill {
  email?: string;
  contact?: string;
}

/** The person, and nobody else's. */
export const payer = {
  name: "Asha Verma-Standin",
  email: "asha.verma@example.com",
  contact: "+919000012345",
  vpa: "asha.verma@examplebank",
  cardLastFour: "9137",
  bank: "UTIB",
  wallet: "payzapp",
  reference: "730281945516",
};

/** Texts that must be in no table and no log of the hub. */
export const payerSecrets: string[] = [payer.name, payer.email, payer.contact, payer.vpa, payer.reference];

/** The fields of a payment that tell who pays and how; they differ from method to method. */
export function payerFields(method: Method, prefill: Prefill = {}) {
  const shared = {
    card_id: null as string | null,
    bank: null as string | null,
    wallet: null as string | null,
    vpa: null as string | null,
    email: prefill.email ?? payer.email,
    contact: prefill.contact ?? payer.contact,
  };
  switch (method) {
    case "upi": {
      const upi = { payer_account_type: "bank_account", vpa: payer.vpa, flow: "intent" };
      return { ...shared, vpa: payer.vpa, upi, acquirer_data: { rrn: payer.reference } };
    }
    case "card": {
      const card = {
        id: newId("card"),
        entity: "card",
        name: payer.name,
        last4: payer.cardLastFour,
        network: "Visa",
        type: "debit",
        issuer: null,
        international: false,
        emi: false,
        sub_type: "consumer",
      };
      const data = { auth_code: "828553", rrn: payer.reference };
      return { ...shared, card_id: card.id, card, token_id: newId("token"), acquirer_data: data };
    }
    case "netbanking":
      return { ...shared, bank: payer.bank, acquirer_data: { bank_transaction_id: payer.reference } };
    case "wallet":
      return { ...shared, wallet: payer.wallet, acquirer_data: { transaction_id: null } };
  }
}
