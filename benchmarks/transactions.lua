-- wrk script: purchases of one centavo at random accounts, each body of the same size.
--
-- Arguments: the first account's number, how many accounts there are, "ids" to give every purchase
-- an id of its own (else "no-ids"), "check" to look at every answer (else "no-check"). Looking costs
-- wrk about a third of its speed; 07 is not wrong, for a purchase may wait too long, the mean pause
-- in milliseconds of each connection after an answer (else "0"), what the heads have ("same":
-- nothing more, "new": a new X-Request-Id and traceparent, "keys": a new Idempotency-Key), how the
-- accounts are used ("alike", or "zipf": the k-th most used one with a share of 1/k, and those that
-- are used most are not neighbours).
-- Ends with one line of JSON behind the word WRK.

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   local first, accounts = tonumber(args[1]), tonumber(args[2])
   local with_ids = args[3] == "ids"
   local checked = args[4] == "check"
   local pause_ms = tonumber(args[5])
   local heads = args[6]
   local zipf = args[7] == "zipf"
   local run = string.format("%08x", os.time() % 0x100000000)
   math.randomseed(os.time())
   sent, wrong = 0, 0

   local tail = '"totalAmount":0.01,"mcc":"5811","merchant":"PADARIA DO ZE               SAO PAULO BR"}'
   local function number()
      if not zipf then
         return math.random(0, accounts - 1)
      end
      local rank = math.floor((accounts + 1) ^ math.random()) - 1
      return rank * 611953 % accounts
   end
   local function body()
      local account = string.format('"account":"%010d",', first + number())
      if not with_ids then
         return "{" .. account .. tail
      end
      sent = sent + 1
      return string.format('{"id":"%s-%010d",', run, sent) .. account .. tail
   end

   local head = "POST /transactions HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
      .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body()
   local named = 0
   request = function()
      if heads == "same" then
         return head .. "\r\n\r\n" .. body()
      end
      named = named + 1
      if heads == "keys" then
         return head .. string.format("\r\nIdempotency-Key: k-%s-%010d\r\n\r\n", run, named) .. body()
      end
      local lines = string.format(
         "\r\nX-Request-Id: r-%s-%010d\r\ntraceparent: 00-%s%024d-%016d-01\r\n\r\n",
         run, named, run, named, named)
      return head .. lines .. body()
   end
   if pause_ms > 0 then
      delay = function()
         return math.random(0, 2 * pause_ms)
      end
   end
   if checked then
      response = function(status, _, content)
         if status ~= 200 or not (content == '{"code":"00"}' or content == '{"code":"07"}') then
            wrong = wrong + 1
         end
      end
   end
end

function done(summary, latency, _)
   local wrong_answers = 0
   for _, thread in ipairs(threads) do
      wrong_answers = wrong_answers + thread:get("wrong")
   end
   local over_10_ms, over_50_ms = 0, 0
   for i = 1, #latency do
      local us, count = latency(i)
      if us > 10000 then over_10_ms = over_10_ms + count end
      if us > 50000 then over_50_ms = over_50_ms + count end
   end
   local e = summary.errors
   local percentiles = {}
   for i, p in ipairs({50, 90, 99, 99.9, 99.99, 99.999}) do
      percentiles[i] = string.format('"%s":%d', p, latency:percentile(p))
   end
   io.write(string.format(
      'WRK {"requests":%d,"duration_us":%d,"failed":%d,"wrong":%d,"max_us":%d,'
         .. '"over_10_ms":%d,"over_50_ms":%d,"percentiles_us":{%s}}\n',
      summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
      wrong_answers, latency.max, over_10_ms, over_50_ms, table.concat(percentiles, ",")))
end
