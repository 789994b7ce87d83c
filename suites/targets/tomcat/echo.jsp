<%@ page session="false" contentType="text/plain" trimDirectiveWhitespaces="true" import="java.io.InputStream, java.security.MessageDigest, java.security.cert.X509Certificate, java.util.HexFormat" %>
<%
	X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
	MessageDigest sum = MessageDigest.getInstance("SHA-256");
	if (chain != null)
		response.setHeader("X-Client-Certificate", HexFormat.of().formatHex(sum.digest(chain[0].getEncoded())));
	InputStream body = request.getInputStream();
	byte[] part = new byte[65536];
	long length = 0;
	for (int n; (n = body.read(part)) > 0; length += n)
		sum.update(part, 0, n);
	response.setHeader("X-Body-Length", Long.toString(length));
	response.setHeader("X-Body-Sha256", HexFormat.of().formatHex(sum.digest()));
%>
hello
