-- wrk script: opens accounts over HTTP, each with the same balances, until all are open.
--
-- Arguments: the first account's number, how many to open. Opening an account again changes nothing,
-- so what is sent beyond the last one does no harm. Prints ALL OPEN then; wrk goes on until it is
-- interrupted.

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   local first, accounts = tonumber(args[1]), tonumber(args[2])
   local body = '{"balances":{"FOOD":100.00,"MEAL":10000000.00,"CASH":100.00}}'
   local tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
      .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
   local sent = 0
   opened = 0
   request = function()
      local account = string.format("%010d", first + sent % accounts)
      sent = sent + 1
      return "PUT /accounts/" .. account .. tail
   end
   response = function(status)
      if status == 201 then opened = opened + 1 end
      if opened == accounts then
         io.write("ALL OPEN\n")
         io.flush()
         wrk.thread:stop()
      end
   end
end

function done(summary, _, _)
   local opened_accounts = 0
   for _, thread in ipairs(threads) do
      opened_accounts = opened_accounts + thread:get("opened")
   end
   io.write(string.format('WRK {"opened":%d,"duration_us":%d}\n', opened_accounts, summary.duration))
end
