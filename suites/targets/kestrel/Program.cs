// The smallest application that asks for certificates in every way Kestrel has (ASP.NET Core documentation, "Configure
// certificate authentication" and "Configure endpoints for the Kestrel web server"): one Listen a ClientCertificateMode, names
// that differ at one address, and a route that asks after the request.  It says whom it believes in a header.
using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

var builder = WebApplication.CreateSlimBuilder(args);
var settings = builder.Configuration;
X509Certificate2Collection anchors = Pem("anchors"), anchorsOfTenant = Pem("anchors-of-tenant");
var chain = Pem("server-cert");
var server = X509Certificate2.CreateFromPemFile(Setting("server-cert"), Setting("server-key"));
// Made once: with it go the sessions that can be resumed (SslStreamCertificateContext).
var context = SslStreamCertificateContext.Create(server, chain, offline: true);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, told =>
{
	told.Cancel = true;
	(anchors, anchorsOfTenant) = (Pem("anchors"), Pem("anchors-of-tenant"));
	Console.Error.WriteLine("anchors read");
});
Console.Error.WriteLine("anchors read");

builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
	// Endpoints that were made before ConfigureHttpsDefaults do not get the defaults.
	if (Setting("defaults") == "late")
		Listen(kestrel, "required", listen => listen.UseHttps(server));
	kestrel.ConfigureHttpsDefaults(https => Protect(https, Enum.Parse<ClientCertificateMode>(Setting("mode"))));
	if (Setting("defaults") != "late")
		Listen(kestrel, "required", listen => listen.UseHttps(server));
	Listen(kestrel, "none", listen => listen.UseHttps(https => Protect(https, ClientCertificateMode.NoCertificate)));
	Listen(kestrel, "optional", listen => listen.UseHttps(https => Protect(https, ClientCertificateMode.AllowCertificate)));
	Listen(kestrel, "late", listen => listen.UseHttps(https => Protect(https, ClientCertificateMode.DelayCertificate)));
	Listen(kestrel, "names", listen => listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = ByName, HandshakeTimeout = TimeSpan.FromSeconds(20) }));
});

var app = builder.Build();
app.Run(Answer);
app.Run();

string Setting(string name) => settings[name] ?? throw new ArgumentException($"--{name} is missing");

X509Certificate2Collection Pem(string name)
{
	var found = new X509Certificate2Collection();
	found.ImportFromPemFile(Setting(name));
	return found;
}

void Listen(KestrelServerOptions kestrel, string port, Action<ListenOptions> configure) =>
	kestrel.Listen(IPAddress.Loopback, int.Parse(Setting(port)), configure);

// What SslStream hands to the chain engine: our anchors instead of the system's, nothing fetched, nothing checked for revocation.
X509ChainPolicy Policy(X509Certificate2Collection trusted)
{
	var policy = new X509ChainPolicy
	{
		TrustMode = X509ChainTrustMode.CustomRootTrust,
		RevocationMode = X509RevocationMode.NoCheck,
		DisableCertificateDownloads = true,
	};
	policy.CustomTrustStore.AddRange(trusted);
	policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // clientAuth
	return policy;
}

void Protect(HttpsConnectionAdapterOptions https, ClientCertificateMode mode)
{
	https.ServerCertificate = server;
	https.ServerCertificateChain = chain;
	https.ClientCertificateMode = mode;
	https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
	https.HandshakeTimeout = TimeSpan.FromSeconds(20);
	https.OnAuthenticate = (_, ssl) => ssl.CertificateChainPolicy = Policy(anchors);
	if (Setting("validation") == "any")
		https.AllowAnyClientCertificate();
}

bool Is(string? host, string name) => string.Equals(host, Setting(name), StringComparison.OrdinalIgnoreCase);

ValueTask<SslServerAuthenticationOptions> ByName(TlsHandshakeCallbackContext hello) => new(new SslServerAuthenticationOptions
{
	ServerCertificateContext = context,
	ClientCertificateRequired = !Is(hello.ClientHelloInfo.ServerName, "open"),
	EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
	CertificateChainPolicy = Policy(Is(hello.ClientHelloInfo.ServerName, "tenant") ? anchorsOfTenant : anchors),
});

async Task Answer(HttpContext context)
{
	bool late = context.Request.Path == "/late", drain = Setting("drain") == "yes";
	// What is not read stands in the way of the handshake: it is held back, up to a limit, before anybody is asked.
	if (drain && !await Drain(context, late ? long.Parse(Setting("limit")) : long.MaxValue))
		return;
	var certificate = late ? await context.Connection.GetClientCertificateAsync() : context.Connection.ClientCertificate;
	if (!drain)
		await Drain(context, long.MaxValue);
	if (certificate != null)
		context.Response.Headers["X-Client-Certificate"] = certificate.GetCertHashString(HashAlgorithmName.SHA256);
	// Where names differ, Host says what is wanted, whatever name the connection was opened with; only the open one is open.
	bool open = context.Connection.LocalPort != int.Parse(Setting("names")) || context.Request.Host.Host == Setting("open");
	if (certificate == null && (late || !open))
		context.Response.StatusCode = StatusCodes.Status403Forbidden;
	// The certificate was held against the anchors of the name in SNI; it counts for the one in Host if that has the same.
	else if (!open && Is(context.Request.Host.Host, "tenant") != Is(context.Features.Get<ITlsHandshakeFeature>()?.HostName, "tenant"))
		context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
	await context.Response.WriteAsync(certificate != null ? "hello, you\n" : "hello, whoever\n");
}

// Reads the content and tells what it was; 413 and false when it is longer than that.
async Task<bool> Drain(HttpContext context, long limit)
{
	using var sum = SHA256.Create();
	using var hashed = new CryptoStream(Stream.Null, sum, CryptoStreamMode.Write);
	var part = new byte[65536];
	long length = 0;
	bool fits = context.Request.ContentLength is not long told || told <= limit;
	for (int n; fits && (n = await context.Request.Body.ReadAsync(part)) > 0; fits = length <= limit)
	{
		hashed.Write(part, 0, n);
		length += n;
	}
	if (!fits)
	{
		context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
		return false;
	}
	hashed.FlushFinalBlock();
	context.Response.Headers["X-Body-Length"] = length.ToString();
	context.Response.Headers["X-Body-Sha256"] = Convert.ToHexString(sum.Hash!);
	return true;
}
