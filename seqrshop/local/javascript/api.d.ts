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

interface Product {
  id: number;
  name: string;
  price: string;
  category: number | null;
  sold_out: boolean;
  picture: Picture | null;
}

interface Discount {
  name: string;
  total: string;
}

interface OrderRow extends Discount {
  quantity: number;
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

/** `unavailable_message` says why the shop takes no orders now. */
interface SessionDetails {
  parameters: Record<string, string>;
  shop: { currency: string };
  categories: Category[];
  products: Product[];
  unavailable_message: string | null;
  order: Order | null;
  latest_order: Order | null;
  awaited_orders: AwaitedOrder[];
}

/** An order that the kitchen has yet to serve. */
interface AwaitedOrder extends Tracking {
  state: OrderState;
  url: string;
}

interface OrderRequest {
  nonce: string;
  rows: { product: number; quantity: number }[];
  total: string;
}

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

interface ShownPrice {
  price: string;
  currency: string;
}

type BasketItem = [product: number, quantity: number];

/** The content of an address's fragment. */
interface Fragment {
  token?: string | null;
  reference?: string | null;
  again?: string | null; // the id of an order to fill the basket with
  basket?: BasketItem[];
}
