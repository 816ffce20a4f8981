/**
 * The hub behind supabase-js, as the pages see it: who is signed in, the rows that may be read, the functions that may be
 * called, and what is broadcast. Owns every query and every address. Must not: decide anything, touch the document, or say
 * what a row is called in the pages (that is `rows.ts`).
 */
import {
  createClient,
  FunctionsHttpError,
  type RealtimeChannel,
  type Session,
  type SupabaseClient,
} from "@supabase/supabase-js";
import { type Answer, balance, counted, one, picture, pictureColumns, type Row, rows, time, written } from "./rows.ts";

/** Who is signed in. */
export interface User {
  id: string;
  email: string;
}

/** The hub of one project, for whoever is signed in in this browser. */
export class Hub {
  readonly #client: SupabaseClient;
  #token = "";
  #skewMs = 0;
  #channel: RealtimeChannel | undefined;

  constructor(url: string, key: string) {
    this.#client = createClient(url, key);
  }

  /** The hub's time, as far as its tokens tell; this machine's clock may be wrong. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  // Who is signed in --------------------------------------------------------------------------------------------------

  /** Tells who is signed in, now and whenever that changes; null for nobody. */
  watchUser(changed: (user: User | null) => void): void {
    this.#client.auth.onAuthStateChange((event, session) => {
      this.#learnTime(event, session);
      changed(
        session ? { id: session.user.id, email: session.user.email ?? "" } : null,
      );
    });
  }

  /** A token that was made just now says what time it is where it was made. */
  #learnTime(event: string, session: Session | null): void {
    const token = session?.access_token ?? "";
    if (token !== this.#token && token !== "" && event !== "INITIAL_SESSION") {
      try {
        const claims = JSON.parse(
          atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")),
        );
        const skew = claims.iat * 1000 - Date.now();
        // A token is stamped in whole seconds; what is less than two is no wrong clock.
        this.#skewMs = Math.abs(skew) < 2000 ? 0 : skew;
      } catch {
        // A token that cannot be read is still a token.
      }
    }
    this.#token = token;
  }

  /** Signs in; "" or the reason: `wrong`, `unconfirmed`, `many`, `offline`, `other`. */
  async signIn(email: string, password: string): Promise<string> {
    const { error } = await this.#client.auth.signInWithPassword({
      email,
      password,
    });
    return reason(error);
  }

  /** Signs up; as signIn, and `taken`, `weak`, `mail` where a mail has to be answered first. */
  async signUp(email: string, password: string): Promise<string> {
    const { data, error } = await this.#client.auth.signUp({ email, password });
    return error ? reason(error) : data.session ? "" : "mail";
  }

  /** Signs out of this browser. */
  async signOut(): Promise<void> {
    await this.#client.auth.signOut({ scope: "local" });
  }

  // Functions ---------------------------------------------------------------------------------------------------------

  /** Calls a function. A token that has run out is renewed once; nobody notices. */
  async call(
    name: string,
    method: string,
    body: unknown,
    isAsync: boolean,
  ): Promise<Answer> {
    const first = await this.#call(name, method, body, isAsync);
    if (first.status !== 401) return first;
    const { data } = await this.#client.auth.refreshSession();
    return data.session ? await this.#call(name, method, body, isAsync) : first;
  }

  async #call(
    name: string,
    method: string,
    body: unknown,
    isAsync: boolean,
  ): Promise<Answer> {
    const { data, error, response } = await this.#client.functions.invoke(
      name,
      {
        method: method as "POST",
        headers: isAsync ? { Prefer: "respond-async" } : {},
        ...(body == null ? {} : { body: body as Record<string, unknown> }),
      },
    );
    if (!error) return { status: response?.status ?? 200, body: data };
    if (!(error instanceof FunctionsHttpError)) {
      return { status: 0, body: null };
    }
    const answer: Response = error.context;
    return {
      status: answer.status,
      body: await answer.json().catch(() => null),
    };
  }

  // Rows --------------------------------------------------------------------------------------------------------------

  /** The plans on sale. */
  plans(): Promise<Answer> {
    const query = this.#client.from("session_config").select(
      "plan_id,display_name,price_per_hour_paise,image_credits_per_hour,video_credits_per_hour",
    ).order("price_per_hour_paise");
    return rows(query, (row) => ({
      id: row.plan_id,
      name: row.display_name,
      pricePerHourPaise: row.price_per_hour_paise,
      imagesPerHour: row.image_credits_per_hour,
      videosPerHour: row.video_credits_per_hour,
    }));
  }

  /** The sessions that are not over, the newest first. */
  sessions(): Promise<Answer> {
    const query = this.#client.from("user_sessions").select(
      "id,plan_id,hours_purchased,status,created_at,started_at,expires_at,images_generated,videos_generated",
    ).neq("status", "ended").order("created_at", { ascending: false }).limit(
      20,
    );
    return rows(query, (row) => ({
      id: row.id,
      planId: row.plan_id,
      hours: row.hours_purchased,
      status: row.status,
      createdAt: time(row.created_at),
      startedAt: time(row.started_at),
      expiresAt: time(row.expires_at),
    }));
  }

  /** What is left of a session, by the hub's own clock. */
  async balance(sessionId: string): Promise<Answer> {
    return await one(
      this.#client.rpc("session_balance", { session_id: sessionId }),
      balance,
    );
  }

  /** The pictures and holds of a session since a moment: what the strip shows. */
  strip(sessionId: string, sinceMs: number): Promise<Answer> {
    const query = this.#client.from("image_generations").select(pictureColumns)
      .eq("session_id", sessionId)
      .in("status", ["queued", "running", "completed"]).gte(
        "created_at",
        new Date(sinceMs).toISOString(),
      )
      .order("created_at").order("id").limit(100);
    return rows(query, picture);
  }

  /** The videos of a session since a moment, as many as count. */
  async videos(sessionId: string, sinceMs: number): Promise<Answer> {
    const query = this.#client.from("video_generations").select("id", {
      count: "exact",
      head: true,
    })
      .eq("session_id", sessionId).in("status", [
        "queued",
        "running",
        "completed",
      ])
      .gte("created_at", new Date(sinceMs).toISOString());
    return await counted(query);
  }

  /** The conversations, the newest first. */
  conversations(): Promise<Answer> {
    const query = this.#client.from("conversations").select(
      "id,title,created_at",
    ).order("created_at", {
      ascending: false,
    }).limit(200);
    return rows(
      query,
      (row) => ({
        id: row.id,
        title: row.title,
        createdAt: time(row.created_at),
      }),
    );
  }

  /** Opens a conversation under an id that the page made. Opening it twice opens it once. */
  openConversation(
    id: string,
    userId: string,
    sessionId: string,
    title: string,
  ): Promise<Answer> {
    return written(
      this.#client.from("conversations").insert({
        id,
        user_id: userId,
        session_id: sessionId,
        title,
      }),
    );
  }

  renameConversation(id: string, title: string): Promise<Answer> {
    return written(
      this.#client.from("conversations").update({ title }).eq("id", id),
    );
  }

  endConversation(id: string): Promise<Answer> {
    return written(this.#client.from("conversations").delete().eq("id", id));
  }

  /** What was said in a conversation, in its order. */
  messages(conversationId: string): Promise<Answer> {
    const query = this.#client.from("chat_messages").select(
      "id,role,content,created_at",
    )
      .eq("conversation_id", conversationId).order("created_at", {
        ascending: false,
      }).limit(200);
    return rows(query, (row) => ({
      id: row.id,
      role: row.role,
      content: row.content,
      createdAt: time(row.created_at),
    }));
  }

  /** Says something, under an id that the page made. Saying it twice says it once. */
  say(id: string, conversationId: string, content: string): Promise<Answer> {
    const message = {
      id,
      conversation_id: conversationId,
      role: "user",
      content,
    };
    return written(this.#client.from("chat_messages").insert(message));
  }

  /** The pictures of a conversation, failed ones included, the newest first. */
  pictures(conversationId: string): Promise<Answer> {
    const query = this.#client.from("image_generations").select(pictureColumns)
      .eq("conversation_id", conversationId)
      .order("created_at", { ascending: false }).limit(400);
    return rows(query, picture);
  }

  /** The pictures of one request. */
  pictureOf(requestId: string): Promise<Answer> {
    const query = this.#client.from("image_generations").select(pictureColumns)
      .eq("request_id", requestId)
      .order("batch_index");
    return rows(query, picture);
  }

  /** What is under way, wherever it was begun. */
  inFlight(): Promise<Answer> {
    const query = this.#client.from("image_generations").select(pictureColumns)
      .in("status", ["queued", "running"])
      .order("created_at").limit(100);
    return rows(query, picture);
  }

  /** One page of all pictures that are there, the newest first; `cursor` is that of the last one seen, or "". */
  history(cursor: string, limit: number): Promise<Answer> {
    let query = this.#client.from("image_generations").select(pictureColumns)
      .not("object_name", "is", null)
      .is("deleted_at", null).order("created_at", { ascending: false }).order(
        "id",
        { ascending: false },
      ).limit(limit);
    const [at, id] = cursor.split(",");
    if (at && id) {
      query = query.or(
        `created_at.lt."${at}",and(created_at.eq."${at}",id.lt.${id})`,
      );
    }
    return rows(query, picture);
  }

  /** How many pictures there are. */
  async historyCount(): Promise<Answer> {
    const query = this.#client.from("image_generations").select("id", {
      count: "exact",
      head: true,
    })
      .not("object_name", "is", null).is("deleted_at", null);
    return await counted(query);
  }

  deletePictures(ids: string[]): Promise<Answer> {
    return this.#soon("delete_pictures", ids);
  }

  restorePictures(ids: string[]): Promise<Answer> {
    return this.#soon("restore_pictures", ids);
  }

  /** Waits 5 seconds for an answer: it may be asked for again before the deleted picture is gone, which is after 20. */
  #soon(name: string, ids: string[]): Promise<Answer> {
    return written(this.#client.rpc(name, { ids }).abortSignal(AbortSignal.timeout(5_000)));
  }

  // What is broadcast ---------------------------------------------------------------------------------------------------

  /** Listens to what concerns a customer; tells of each event, and whether anybody would tell of the next. */
  listen(
    userId: string,
    told: (event: string, payload: unknown) => void,
    joined: (isJoined: boolean) => void,
  ): void {
    this.hushed();
    const channel = this.#client.channel(`customer:${userId}`, {
      config: { private: true },
    });
    this.#channel = channel;
    channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
      const inner = payload as Row;
      told(
        event,
        inner?.balance ? { ...inner, balance: balance(inner.balance) } : inner,
      );
    });
    // Without its token it would join as nobody, and be refused first.
    this.#client.realtime.setAuth().finally(() => {
      if (this.#channel !== channel) return;
      channel.subscribe((state) => {
        joined(state === "SUBSCRIBED");
        // A token that ran out while the machine slept ends the channel, and nobody joins it again by itself.
        if (state === "CLOSED" && this.#channel === channel) {
          setTimeout(
            () => this.#channel === channel && this.listen(userId, told, joined),
            2_000,
          );
        }
      });
    });
  }

  /** Listens no more. */
  hushed(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    if (channel) this.#client.removeChannel(channel);
  }
}

/** Why somebody could not sign in or up, as one word. */
function reason(
  error: { code?: string; name?: string; status?: number } | null,
): string {
  if (!error) return "";
  if (error.name === "AuthRetryableFetchError" && !error.status) {
    return "offline";
  }
  switch (error.code) {
    case "invalid_credentials":
      return "wrong";
    case "email_not_confirmed":
      return "unconfirmed";
    case "user_already_exists":
    case "email_exists":
      return "taken";
    case "weak_password":
      return "weak";
    case "over_request_rate_limit":
    case "over_email_send_rate_limit":
      return "many";
    default:
      return error.status === 429 ? "many" : "other";
  }
}
