using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace IdentityWebPeer;

/// <summary>Reports about its process what `parts/probe.ts` does. A thread with a socket, which takes part in nothing else.</summary>
public static class Probe
{
    /// <returns>the port</returns>
    public static int Start()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        new Thread(() => { while (true) Answer(listener); }) { IsBackground = true }.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Answer(TcpListener listener)
    {
        using var client = listener.AcceptTcpClient();
        using var stream = client.GetStream();
        var request = new byte[4096];
        if (request.AsSpan(0, stream.Read(request)).StartsWith("GET /collect"u8)) Collect();
        var body = JsonSerializer.SerializeToUtf8Bytes(Read());
        stream.Write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"u8);
        stream.Write(body);
    }

    private static void Collect()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
    }

    private static object Read()
    {
        using var self = Process.GetCurrentProcess();
        return new
        {
            atMs = Stopwatch.GetElapsedTime(0).TotalMilliseconds,
            cpuMs = Environment.CpuUsage.TotalTime.TotalMilliseconds,
            residentBytes = self.WorkingSet64,
            peakResidentBytes = self.PeakWorkingSet64,
            heapBytes = GC.GetTotalMemory(false),
            eventLoopDelayP99Ms = 0,
        };
    }
}
