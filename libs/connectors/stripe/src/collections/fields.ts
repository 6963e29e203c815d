import type { FieldType } from '#connector-kit';

type Fields = Readonly<Record<string, FieldType>>;

/** Names by type, as text; a nested field is named by its path joined with `_`, as the warehouse flattens it. */
function fields(byType: Partial<Record<FieldType, string>>): Fields {
  const result: Record<string, FieldType> = { id: 'string' };
  for (const [type, names] of Object.entries(byType)) for (const name of names.split(/\s+/)) result[name] = type as FieldType;
  return result;
}

const lineFields: Partial<Record<FieldType, string>> = {
  string: 'currency description invoice_id plan_id price_id product_id subscription_id subscription_item_id unit_amount_decimal quantity_decimal',
  integer: 'amount quantity',
  boolean: 'discountable livemode proration',
};
const withMore = (base: Partial<Record<FieldType, string>>, more: Partial<Record<FieldType, string>>): Fields => {
  const merged: Partial<Record<FieldType, string>> = { ...base };
  for (const [type, names] of Object.entries(more) as [FieldType, string][]) merged[type] = merged[type] === undefined ? names : `${merged[type]} ${names}`;
  return fields(merged);
};

/**
 * Declared columns per object collection: the names that Segment's Stripe source documents (references as `…_id` except
 * where it leaves them bare), and those that Stripe added since, by Stripe's OpenAPI document.
 */
export const FIELDS: Readonly<Record<string, Fields>> = {
  accounts: fields({
    string: `business_logo business_name business_type business_url country default_currency display_name email product_description statement_descriptor
      support_address_city support_address_country support_address_line1 support_address_line2 support_address_postal_code support_address_state
      support_email support_phone support_url timezone type`,
    boolean: 'charges_enabled debit_negative_balances details_submitted payouts_enabled transfers_enabled',
    timestamp: 'created tos_acceptance_date requirements_current_deadline future_requirements_current_deadline', json: 'metadata',
  }),
  application_fee_refunds: fields({ string: 'balance_transaction_id currency fee_id', integer: 'amount', timestamp: 'created', json: 'metadata' }),
  application_fees: fields({
    string: 'account_id application_id balance_transaction_id charge_id currency originating_transaction', integer: 'amount amount_refunded',
    boolean: 'livemode refunded', timestamp: 'created', json: 'metadata',
  }),
  balance_transaction_fee_details: fields({ string: 'application balance_transaction_id currency description type', integer: 'amount' }),
  balance_transactions: fields({
    string: 'balance_type currency description reporting_category source status type', integer: 'amount fee net', number: 'exchange_rate',
    timestamp: 'available available_on created', json: 'metadata',
  }),
  bank_accounts: fields({
    string: 'account_holder_name account_holder_type account_id account_type bank_name country currency customer_id fingerprint last4 routing_number status',
    boolean: 'default_for_currency', json: 'available_payout_methods metadata',
  }),
  cards: fields({
    string: `account_id address_city address_country address_line1 address_line1_check address_line2 address_state address_zip address_zip_check allow_redisplay
      brand country currency customer_id cvc_check dynamic_last4 fingerprint funding last4 name regulated_status status tokenization_method`,
    integer: 'exp_month exp_year', boolean: 'default_for_currency', json: 'available_payout_methods metadata',
  }),
  charges: fields({
    string: `application_fee application_id balance_transaction_id calculated_statement_descriptor currency customer_id description destination dispute_id
      failure_balance_transaction_id failure_code failure_message invoice_id on_behalf_of payment_intent_id payment_method_id receipt_email receipt_number
      receipt_url review_id source_transfer_id statement_descriptor statement_descriptor_suffix status transfer_group transfer_id`,
    integer: 'amount amount_captured amount_refunded application_fee_amount', boolean: 'captured disputed livemode paid refunded',
    timestamp: 'created', json: 'metadata',
  }),
  checkout_sessions: fields({
    string: `billing_address_collection cancel_url client_reference_id currency customer_creation customer_email customer_id invoice_id locale mode
      payment_intent_id payment_link_id payment_method_collection payment_status recovered_from redirect_on_completion return_url setup_intent_id status
      submit_type subscription_id success_url ui_mode url`,
    integer: 'amount_subtotal amount_total', boolean: 'allow_promotion_codes livemode',
    timestamp: 'after_expiration_recovery_expires_at created expires_at', json: 'custom_fields discounts line_items metadata payment_method_types shipping_options',
  }),
  coupons: fields({
    string: 'currency duration name', integer: 'amount_off duration_in_months max_redemptions times_redeemed', number: 'percent_off',
    boolean: 'livemode valid', timestamp: 'created redeem_by', json: 'currency_options metadata',
  }),
  credit_notes: fields({
    string: 'currency customer_balance_transaction_id customer_id invoice_id memo number pdf reason refund_id status type',
    integer: `amount amount_shipping discount_amount out_of_band_amount post_payment_amount pre_payment_amount subtotal subtotal_excluding_tax total
      total_excluding_tax`,
    boolean: 'livemode', timestamp: 'created effective_at voided_at', json: 'discount_amounts lines metadata refunds tax_amounts',
  }),
  customers: fields({
    string: 'business_name currency default_source description discount_id email individual_name invoice_prefix name phone tax_exempt test_clock_id',
    integer: 'balance next_invoice_sequence', boolean: 'delinquent livemode', timestamp: 'created', json: 'invoice_credit_balance metadata preferred_locales',
  }),
  discounts: fields({
    string: 'checkout_session_id coupon_id customer_id invoice_id invoice_item_id promotion_code_id subscription subscription_item_id', timestamp: 'end start',
  }),
  disputes: fields({
    string: 'charge_id currency payment_intent_id reason status', integer: 'amount evidence_details_submission_count',
    boolean: 'evidence_details_has_evidence evidence_details_past_due is_charge_refundable livemode',
    timestamp: 'created evidence_details_due_by', json: 'balance_transactions enhanced_eligibility_types metadata',
  }),
  invoice_items: withMore(lineFields, {
    string: 'customer_id test_clock_id', integer: 'net_amount unit_amount', timestamp: 'date period_end period_start', json: 'discounts metadata tax_rates',
  }),
  invoice_lines: withMore(lineFields, {
    string: 'item_id type', integer: 'subtotal', timestamp: 'period_end period_start', json: 'discount_amounts discounts metadata tax_amounts tax_rates',
  }),
  invoices: fields({
    string: `account_country account_name application_id billing_reason charge_id collection_method currency customer_email customer_id customer_name
      customer_phone customer_tax_exempt default_payment_method_id default_source description discount_id footer hosted_invoice_url invoice_pdf
      latest_revision_id number on_behalf_of payment_intent_id quote_id receipt_number statement_descriptor status subscription_id test_clock_id`,
    integer: `amount_due amount_overpaid amount_paid amount_paid_off_stripe amount_remaining amount_shipping application_fee attempt_count ending_balance
      post_payment_credit_notes_amount pre_payment_credit_notes_amount starting_balance subtotal subtotal_excluding_tax tax total total_excluding_tax`,
    boolean: 'attempted auto_advance livemode paid',
    timestamp: `automatically_finalizes_at created due_date effective_at next_payment_attempt period_end period_start status_transitions_finalized_at
      status_transitions_marked_uncollectible_at status_transitions_paid_at status_transitions_voided_at subscription_proration_date webhooks_delivered_at`,
    json: 'account_tax_ids custom_fields customer_tax_ids default_tax_rates discounts metadata subscription_metadata total_discount_amounts total_tax_amounts',
  }),
  payment_intents: fields({
    string: `application_id cancellation_reason capture_method confirmation_method currency customer_id description invoice_id latest_charge_id on_behalf_of
      payment_method_id receipt_email review_id setup_future_usage statement_descriptor statement_descriptor_suffix status transfer_data_destination transfer_group`,
    integer: 'amount amount_capturable amount_received application_fee_amount transfer_data_amount', boolean: 'livemode',
    timestamp: 'canceled_at created', json: 'metadata payment_method_types',
  }),
  payment_methods: fields({
    string: `allow_redisplay billing_details_address_city billing_details_address_country billing_details_address_line1 billing_details_address_line2
      billing_details_address_postal_code billing_details_address_state billing_details_email billing_details_name billing_details_phone customer_id type`,
    boolean: 'livemode', timestamp: 'created', json: 'card_networks_available metadata',
  }),
  payouts: fields({
    string: `application_fee_id balance_transaction_id currency description destination_id failure_balance_transaction_id failure_code failure_message method
      original_payout_id payout_method_id reconciliation_status reversed_by_id source_type statement_descriptor status type`,
    integer: 'amount application_fee_amount', boolean: 'automatic livemode', timestamp: 'arrival_date created', json: 'metadata',
  }),
  plans: fields({
    string: 'amount_decimal billing_scheme currency interval meter nickname product tiers_mode usage_type', integer: 'amount interval_count trial_period_days',
    boolean: 'active livemode', timestamp: 'created', json: 'metadata tiers',
  }),
  prices: fields({
    string: 'billing_scheme currency lookup_key nickname product_id tax_behavior tiers_mode type unit_amount_decimal', integer: 'unit_amount',
    boolean: 'active livemode', timestamp: 'created', json: 'currency_options metadata tiers',
  }),
  products: fields({
    string: 'caption default_price_id description name statement_descriptor tax_code_id type unit_label url', boolean: 'active livemode shippable',
    number: 'package_dimensions_height package_dimensions_length package_dimensions_weight package_dimensions_width',
    timestamp: 'created updated', json: 'attributes deactivate_on images marketing_features metadata',
  }),
  refunds: fields({
    string: `balance_transaction_id charge_id currency customer_id description failure_balance_transaction_id failure_reason instructions_email
      payment_intent_id payment_method_id pending_reason reason receipt_number source_transfer_reversal_id status transfer_reversal_id`,
    integer: 'amount', timestamp: 'created', json: 'metadata',
  }),
  setup_intents: fields({
    string: `application_id cancellation_reason customer_id description latest_attempt_id mandate_id on_behalf_of payment_method_id single_use_mandate_id
      status usage`,
    boolean: 'attach_to_self livemode', timestamp: 'created', json: 'flow_directions metadata payment_method_types',
  }),
  subscription_items: fields({
    string: 'plan_id price_id subscription_id', integer: 'quantity', timestamp: 'billed_until created current_period_end current_period_start',
    json: 'discounts metadata tax_rates',
  }),
  subscription_schedules: fields({
    string: 'application_id customer_id end_behavior released_subscription_id status subscription_id test_clock_id', boolean: 'livemode',
    timestamp: 'canceled_at completed_at created current_phase_end_date current_phase_start_date released_at', json: 'metadata phases',
  }),
  subscriptions: fields({
    string: `application_id collection_method currency customer_id default_payment_method_id default_source description discount_id latest_invoice_id
      on_behalf_of pending_setup_intent_id plan_id schedule_id status test_clock_id`,
    integer: 'days_until_due quantity', number: 'application_fee_percent', boolean: 'cancel_at_period_end livemode',
    timestamp: `billing_cycle_anchor cancel_at canceled_at created current_period_end current_period_start ended_at next_pending_invoice_item_invoice
      pause_collection_resumes_at start_date trial_end trial_start`,
    json: 'default_tax_rates discounts metadata',
  }),
  tax_rates: fields({
    string: 'country description display_name jurisdiction jurisdiction_level rate_type state tax_type', number: 'effective_percentage percentage',
    boolean: 'active inclusive livemode', timestamp: 'created', json: 'metadata',
  }),
  transfer_reversals: fields({
    string: 'balance_transaction_id currency destination_payment_refund_id source_refund_id transfer_id', integer: 'amount', timestamp: 'created', json: 'metadata',
  }),
  transfers: fields({
    string: `balance_transaction_id bank_account_id currency description destination_id destination_payment source_transaction source_type transfer_group`,
    integer: 'amount amount_reversed', boolean: 'livemode reversed', timestamp: 'created', json: 'metadata',
  }),
};

/** Columns of every event collection. */
export const EVENT_FIELDS: Fields = fields({
  string: 'type object_id object_type api_version account request_id idempotency_key', boolean: 'livemode', timestamp: 'created',
  json: 'object previous_attributes',
});
