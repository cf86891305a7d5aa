// The storefront's JSON, as docs/api.md describes it, and what its scripts pass to each other.
// Types alone: the check of the scripts reads this file, browsers never do.

type OrderState =
  | "created"
  | "sending"
  | "awaiting_payment"
  | "cancel_pending"
  | "paid"
  | "preparing"
  | "ready"
  | "served"
  | "canceled"
  | "failed"
  | "expired"
  | "partly_refunded"
  | "refunded"
  | "needs_attention";

/** `value` is in major units: "149.99". */
interface Amount {
  value: string;
  currency: string;
}

interface Picture {
  url: string;
  alt: string;
  width: number;
  height: number;
}

interface Category {
  id: number;
  name: string;
}

/** An allergen, a diet, or a choice between eating here and taking away, by the server's key. */
interface Named {
  key: string;
  name: string;
}

/** `declared`: whether the shop has declared the allergens, perhaps as none. */
interface Allergens {
  declared: boolean;
  contains: Named[];
  may_contain: Named[];
}

/** Its allergens come on top of the product's; `unsuitable_for` are keys of diets. */
interface ProductOption {
  id: number;
  name: string;
  price: string;
  sold_out: boolean;
  allergens: Allergens;
  unsuitable_for: string[];
}

/** From `min` to `max` of the options are chosen, each at most once. */
interface OptionGroup {
  id: number;
  name: string;
  min: number;
  max: number;
  options: ProductOption[];
}

interface Product {
  id: number;
  name: string;
  price: string;
  category: number | null;
  sold_out: boolean;
  picture: Picture | null;
  large_picture: Picture | null;
  description: string;
  ingredients: string;
  allergens: Allergens;
  diet: Named[];
  option_groups: OptionGroup[];
}

interface Discount {
  name: string;
  total: string;
}

/** The row's total is without those of its options. */
interface OrderRow extends Discount {
  product: number;
  quantity: number;
  refunded: number;
  options: (Discount & { id: number })[];
  note: string;
}

/**
 * `progress` is how far the kitchen has come with a paid order, null for any other. `paid_at` and the
 * shop's usual time in minutes are null where they are unknown.
 */
interface Tracking {
  number: string;
  short_state: string;
  progress: "paid" | "preparing" | "ready" | "served" | null;
  paid_at: string | null;
  estimate_minutes: number | null;
}

/** The answer to a new order has the first five alone. */
interface Order extends Partial<Tracking> {
  id: string;
  number: string;
  state: OrderState;
  total: Amount;
  url: string;
  rows?: OrderRow[];
  discounts?: Discount[];
  tip?: Discount | null;
  note?: string;
  dining?: Named | null;
  parameters?: Record<string, string>;
  ordered_at?: string;
  invoice_reference?: string | null;
  app_url?: string | null;
  receipt_url?: string | null;
  refunded?: string | null;
  heading?: string;
  message?: string;
}

/** `day` is the order's in words. */
interface ListedOrder extends Pick<Tracking, "short_state" | "progress"> {
  id: string;
  number: string;
  total: Amount;
  url: string;
  day: string;
  ordered_at: string;
  contents: string;
  receipt_url: string | null;
}

/** An order as the return page may see it. */
interface ReturnedOrder extends Tracking {
  state: OrderState;
  total: Amount;
  heading: string;
  message: string;
  receipt_url: string | null;
}

/** `dining` and `tip_percentages` are empty where the shop asks for neither. */
interface ShopDetails {
  currency: string;
  dining: Named[];
  tip_percentages: string[];
}

/** `unavailable_message` says why the shop takes no orders now. */
interface SessionDetails {
  parameters: Record<string, string>;
  shop: ShopDetails;
  categories: Category[];
  products: Product[];
  unavailable_message: string | null;
  basket_key: string;
  order: Order | null;
  latest_order: Order | null;
  awaited_orders: AwaitedOrder[];
}

/** An order that the kitchen has yet to serve. */
interface AwaitedOrder extends Tracking {
  state: OrderState;
  url: string;
}

interface RowRequest {
  product: number;
  quantity: number;
  options: number[];
  note: string;
}

interface OrderRequest {
  nonce: string;
  rows: RowRequest[];
  note: string;
  dining?: string;
  tip?: string;
  total: string;
}

/** `name` and `price` of a unit, in minor units, are as the customer last saw them. */
interface BasketRow extends RowRequest {
  name: string;
  price: number;
}

/**
 * A basket as the browser keeps it. `tip` is a percentage ("10%"), an amount ("25.00") or "".
 * `order` is the id of the order that was made of it, "" while the shop's answer is unknown, and null
 * before that.
 */
interface StoredBasket {
  rows: BasketRow[];
  note: string;
  dining: string;
  tip: string;
  order: string | null;
}

/** Why a row cannot be ordered, or costs another price than the customer has seen. */
type RowProblem =
  | { kind: "gone" | "soldOut" | "optionsChanged" }
  | { kind: "optionSoldOut"; option: string }
  | { kind: "priceWas"; price: number };

/** `order` is the one that stands in the way; `products` those with their current prices. */
interface ErrorBody {
  error: string;
  message: string;
  field?: string;
  order?: Order;
  products?: { id: number; price: string }[];
}

interface QrCode {
  size: number;
  path: string;
}

/** The content of an address's fragment. */
interface Fragment {
  token?: string | null;
  reference?: string | null;
  again?: string | null; // the id of an order to fill the basket with
  basket?: StoredBasket | null;
}
